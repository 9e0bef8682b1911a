// `npm run test:consumers`: the applications of test/consumers with the packed package, on every supported Node version.
// `-- NAME...` runs those only. `--summary FILE` also writes the counts, for .ci/run.
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { availableParallelism, tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { parseArgs } from 'node:util'
import pg from 'pg'
import {
  APPLICATIONS,
  assertLoadsLittle,
  assertMigrationsAreStable,
  install,
  runTests,
} from './consumers/application.js'
import { supportedNodes } from './nodes.js'
import { pack } from './pack.js'
import { run } from './run.js'

const { values, positionals } = parseArgs({ options: { summary: { type: 'string' } }, allowPositionals: true })
const all = readdirSync(APPLICATIONS, { withFileTypes: true }).flatMap((entry) =>
  entry.isDirectory() ? [entry.name] : [],
)
const unknown = positionals.filter((name) => !all.includes(name))
if (unknown.length > 0)
  throw new Error(`no application ${unknown.join(', ')} in ${APPLICATIONS}; there are ${all.join(', ')}`)
const names = positionals.length > 0 ? positionals : all

// Outside of the project, so that no application finds the project's own packages.
const folder = mkdtempSync(join(tmpdir(), 'waxseal-consumers-'))
process.on('exit', () => rmSync(folder, { recursive: true, force: true }))
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => process.exit(1))
const temporary = join(folder, 'tmp')
mkdirSync(temporary)

const results = []
await run(process.execPath, ['scripts/build.js'])
const [{ tarball }, nodes] = await Promise.all([pack(folder), supportedNodes()])
const { startTemporaryPostgres } = await import('../dist/esm/src/testing/index.js')
const { generateLocalKey } = await import('../dist/esm/providers/local/index.js')
const postgres = await startTemporaryPostgres()
try {
  const waiting = [...names]
  const work = async () => {
    for (let name = waiting.shift(); name !== undefined; name = waiting.shift()) await tryApplication(name)
  }
  await Promise.all(Array.from({ length: Math.min(2, availableParallelism()) }, work))
} finally {
  await postgres.stop()
}

for (const { name, on, problem } of results) {
  if (problem) process.stdout.write(`\n${name}, ${on}: ${problem.message.trimEnd()}\n`)
}
process.stdout.write(`\n${table()}\n`)
const failures = results.flatMap(({ name, on, problem }) => (problem ? [`${name}, ${on}`] : []))
const report = { passed: results.length - failures.length, failed: failures.length, failures }
process.stdout.write(`${report.passed} passed, ${report.failed} failed\n`)
if (values.summary) writeFileSync(values.summary, JSON.stringify(report))
process.exit(failures.length === 0 ? 0 : 1)

async function tryApplication(name) {
  let application
  const installed = await attempt(name, 'installed', async () => {
    application = await install(name, folder, tarball, await environment())
  })
  if (!installed) return
  for (const node of nodes) {
    await attempt(name, `Node ${node.version}`, async () => {
      const env = await environment(`${name}-${node.version}`)
      await assertLoadsLittle(application, node, env)
      if (application.usesTypeorm) await assertMigrationsAreStable(application, node, env)
      await runTests(application, node, env)
    })
  }
}

async function attempt(name, on, check) {
  const start = performance.now()
  const problem = await check().then(
    () => undefined,
    (error) => error,
  )
  const seconds = (performance.now() - start) / 1000
  results.push({ name, on, seconds, problem })
  process.stdout.write(
    `${problem ? 'failed' : 'ok    '}  ${name.padEnd(16)} ${on.padEnd(14)} ${seconds.toFixed(1).padStart(5)} s\n`,
  )
  return !problem
}

/** What a user has in the environment: an empty database, and a key. Nothing that belongs to the tests of the project. */
async function environment(database) {
  const kept = Object.entries(process.env).filter(([name]) => name !== 'NODE_OPTIONS' && !name.startsWith('WAXSEAL_'))
  return {
    ...Object.fromEntries(kept),
    PATH: process.env.PATH.split(delimiter)
      .filter((path) => !path.includes('node_modules'))
      .join(delimiter),
    TMPDIR: temporary,
    ...(database && { DATABASE_URL: await createDatabase(database) }),
    WAXSEAL_PROVIDER: 'local',
    WAXSEAL_LOCAL_KEYS: `1:${generateLocalKey()}`,
    WAXSEAL_LOCAL_CURRENT_KEY: '1',
  }
}

async function createDatabase(name) {
  const client = new pg.Client({ connectionString: postgres.url })
  await client.connect()
  try {
    await client.query(`CREATE DATABASE ${client.escapeIdentifier(name)}`)
  } finally {
    await client.end()
  }
  const url = new URL(postgres.url)
  url.pathname = `/${name}`
  return url.href
}

function table() {
  const columns = ['installed', ...nodes.map(({ version }) => `Node ${version}`)]
  const cell = (name, on) => {
    const result = results.find((each) => each.name === name && each.on === on)
    return result ? `${result.problem ? 'failed' : 'ok'}, ${result.seconds.toFixed(1)} s` : 'not run'
  }
  const rows = [['', ...columns], ...names.map((name) => [name, ...columns.map((on) => cell(name, on))])]
  return rows
    .map((row) =>
      row
        .map((text) => text.padEnd(16))
        .join('')
        .trimEnd(),
    )
    .join('\n')
}
