// `npm run test:emulators`: installs and starts the emulators on free ports, runs the suites in test/emulators against them,
// and stops them, however the run ends. Arguments go to jest; `--only NAME,…` starts some of them.
import { spawn, spawnSync } from 'node:child_process'
import { randomInt } from 'node:crypto'
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const args = process.argv.slice(2)
const only = args.indexOf('--only')
const names = only < 0 ? ['localstack', 'localemu', 'openbao'] : args.splice(only, 2)[1].split(',')

const folder = mkdtempSync(join(tmpdir(), 'waxseal-emulators-'))
const ports = await freePorts(3)
const environment = {
  ...process.env,
  WAXSEAL_EMULATORS_RUN: folder,
  ...Object.fromEntries(
    ['LOCALSTACK_PORT', 'LOCALEMU_PORT', 'OPENBAO_PORT'].map((name, index) => [name, ports[index]]),
  ),
}

let stopped = false
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => process.exit(finish(130)))
process.exit(finish(await main()))

async function main() {
  if (script('install.sh', 'inherit').status !== 0) {
    if (process.env.REQUIRE_PROVIDERS === '1') return 1
    console.error('the emulators could not be installed: their suites are reported as not run')
    return jest({})
  }
  const { status, stdout } = script('start.sh', 'pipe')
  if (status !== 0) return 1
  const exports = [...stdout.matchAll(/^export (\w+)=(.*)$/gm)].map(([, name, value]) => [name, value])
  return jest(Object.fromEntries(exports))
}

function script(name, stdout) {
  const options = { env: environment, encoding: 'utf8', stdio: ['ignore', stdout, 'inherit'] }
  return spawnSync(join('localstack', name), names, options)
}

function jest(exported) {
  const env = { ...environment, ...exported, NODE_OPTIONS: '--experimental-vm-modules --no-warnings' }
  const child = spawn('node_modules/.bin/jest', ['-c', 'test/emulators/jest.config.js', ...args], {
    env,
    stdio: 'inherit',
  })
  return new Promise((resolve) => child.once('exit', (code) => resolve(code ?? 1)))
}

/** Stops what was started, once, and says so when something of it is still there. */
function finish(code) {
  if (stopped) return code
  stopped = true
  const { status } = script('stop.sh', 'inherit')
  const left = readdirSync(folder).filter((name) => name.endsWith('.pid'))
  rmSync(folder, { recursive: true, force: true })
  if (status === 0 && left.length === 0) return code
  console.error(`not stopped: ${left.join(', ')}`)
  return code || 1
}

function freePorts(count) {
  // Below those that the system gives to whoever asks for any, which could be somebody's by the time an emulator listens.
  const one = async () => {
    const server = createServer().listen(randomInt(20_000, 32_768), '127.0.0.1')
    const isFree = new Promise((resolve) =>
      server.once('listening', () => resolve(true)).once('error', () => resolve(false)),
    )
    return (await isFree) ? server : one()
  }
  // All open at a time, so that they differ.
  return Promise.all(Array.from({ length: count }, one)).then((servers) =>
    Promise.all(
      servers.map((server) => {
        const { port } = server.address()
        return new Promise((resolve) => server.close(() => resolve(String(port))))
      }),
    ),
  )
}
