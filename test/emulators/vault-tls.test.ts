import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { connectVault } from '../../providers/vault/index.js'
import { freePort } from '../setup/free-port.js'
import { declareNotRun } from './not-run.js'

const program = process.env['WAXSEAL_TEST_VAULT_PROGRAM']
if (program) suite(program)
else declareNotRun('Vault over TLS on OpenBao', 'WAXSEAL_TEST_VAULT_PROGRAM')

/** An OpenBao of its own that makes itself a CA and a certificate for 127.0.0.1. */
function suite(bao: string): void {
  let folder = ''
  let section: Record<string, string>
  let server: ChildProcess
  let ended: Promise<unknown[]>

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'waxseal-bao-tls-'))
    const port = await freePort()
    const address = ['-dev-tls', `-dev-tls-cert-dir=${folder}`, `-dev-listen-address=127.0.0.1:${port}`]
    const args = ['server', ...address, '-dev-no-store-token', '-dev-root-token-id=root']
    server = spawn(bao, args, { stdio: ['ignore', 'pipe', 'ignore'] })
    ended = once(server, 'exit')
    // Read to its end, not only until it is ready: its next line to a closed pipe would end it by SIGPIPE.
    const lines = createInterface({ input: server.stdout! })
    const ready = new Promise<string>((resolve) => {
      lines.on('line', (line) => line.includes('Root Token') && resolve('ready'))
    })
    expect(await Promise.race([ready, ended])).toBe('ready')
    section = { address: `https://127.0.0.1:${port}`, key: 'transit/kek', token: 'root' }
  })
  afterAll(async () => {
    server.kill()
    await ended
    await rm(folder, { recursive: true })
  })

  test('OpenBao: a certificate of a CA of its own is trusted when "caFile" names the CA, and not otherwise', async () => {
    const trusting = await connectVault({ ...section, caFile: join(folder, 'vault-ca.pem') })
    // There is no such key, which only Vault can say.
    await expect(trusting.currentKek({})).rejects.toThrow('status 404')
    const other = await connectVault(section)
    const refused = { code: 'ERR_CONFIGURATION', message: expect.stringContaining('a certificate that is not trusted') }
    await expect(other.currentKek({})).rejects.toMatchObject(refused)
  })

  test('OpenBao: TLS is not given up for a server without it', async () => {
    const plain = createServer((socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n')).listen(0, '127.0.0.1')
    await once(plain, 'listening')
    const { port } = plain.address() as { port: number }
    const provider = await connectVault({ ...section, address: `https://127.0.0.1:${port}` })
    await expect(provider.currentKek({})).rejects.toMatchObject({ retryable: false, code: 'ERR_CONFIGURATION' })
    plain.close()
  })
}
