import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { afterEach, expect, test } from '@jest/globals'
import { startTestKms, type TestKmsServer } from '../../src/testing/index.js'
import { awsClient } from '../providers/aws-under-test.js'
import { builtPackage, node, waxseal } from '../setup/cli.js'
import { freePort } from '../setup/free-port.js'

let running: ChildProcess | undefined

afterEach(() => {
  running?.kill('SIGKILL')
  running = undefined
})

/** `waxseal test-kms aws <args>`, which goes on, and what it prints until `last`. */
async function start(args: readonly string[], last: RegExp): Promise<{ child: ChildProcess; printed: string }> {
  const command = [join(builtPackage(), 'dist/esm/src/cli/main.js'), 'test-kms', 'aws', ...args]
  const child = spawn(node, command, { stdio: ['ignore', 'pipe', 'pipe'], env: { PATH: process.env.PATH } })
  running = child
  let printed = ''
  // Read to its end: a loop that is left closes the pipe.
  const lines = createInterface({ input: child.stdout! })
  const said = new Promise<void>((resolve) => {
    lines.on('line', (line) => {
      printed += `${line}\n`
      if (last.test(line)) resolve()
    })
  })
  await Promise.race([said, once(child, 'exit')])
  return { child, printed }
}

async function startAsJson(args: readonly string[] = []) {
  const { child, printed } = await start(['--json', ...args], /^\}$/)
  return { child, ...JSON.parse(printed) }
}

const clientOf = (endpoint: string) => awsClient({ endpoint } as TestKmsServer)

test('--json prints where it is, its commands and the environment; the SDK speaks to it; an interrupt ends it', async () => {
  const { child, vendor, endpoint, control, environment } = await startAsJson()
  expect({ vendor, region: environment.AWS_REGION, url: environment.AWS_ENDPOINT_URL_KMS }).toEqual({
    vendor: 'aws',
    region: 'us-east-1',
    url: endpoint,
  })
  await clientOf(endpoint).createKey({})
  expect(await (await fetch(`${control}/calls`)).json()).toMatchObject([{ operation: 'CreateKey', status: 'ok' }])
  const exit = once(child, 'exit')
  child.kill('SIGINT')
  expect(await exit).toEqual([0, null])
})

test('prints the environment as lines for a shell', async () => {
  const { printed } = await start([], /AWS_SECRET_ACCESS_KEY/)
  expect(printed).toMatch(/^export AWS_ENDPOINT_URL_KMS='http:\/\/127\.0\.0\.1:\d+'$/m)
  expect(printed).toMatch(/^export AWS_REGION='us-east-1'$/m)
})

test('--port and --control-port are where it listens', async () => {
  const [port, controlPort] = [await freePort(), await freePort()]
  expect(await startAsJson(['--port', `${port}`, '--control-port', `${controlPort}`])).toMatchObject({
    endpoint: `http://127.0.0.1:${port}`,
    control: `http://127.0.0.1:${controlPort}`,
  })
})

test('--upstream does the work, and this one goes wrong', async () => {
  const upstream = await startTestKms('aws')
  try {
    const { endpoint, control } = await startAsJson(['--upstream', upstream.endpoint])
    const { KeyMetadata } = await clientOf(endpoint).createKey({})
    await expect(awsClient(upstream).describeKey({ KeyId: KeyMetadata!.Arn! })).resolves.toBeDefined()
    await fetch(`${control}/faults`, { method: 'POST', body: '{"fault":"throttle"}' })
    await expect(clientOf(endpoint).listAliases({})).rejects.toMatchObject({ name: 'ThrottlingException' })
    await expect(awsClient(upstream).listAliases({})).resolves.toBeDefined()
  } finally {
    await upstream.close()
  }
})

test('a port that is taken, and what is no port, are refused', async () => {
  const taken = await startTestKms('aws')
  const { port } = new URL(taken.endpoint)
  const [first, second] = await Promise.all([
    waxseal(['test-kms', 'aws', '--port', port]),
    waxseal(['test-kms', 'aws', '--port', '70000']),
  ])
  await taken.close()
  expect(first).toMatchObject({
    stdout: '',
    stderr: expect.stringContaining(`port ${port}: taken; choose another one`),
  })
  expect(second).toMatchObject({ stdout: '', stderr: expect.stringContaining('expected a port from 1 to 65535') })
  for (const { status } of [first, second]) expect(status).not.toBe(0)
})
