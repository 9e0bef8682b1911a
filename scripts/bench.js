// `npm run bench`: measures the built package on each supported Node, and writes results, page and charts. `-- SUITE...` are
// those suites only. `--print` measures with the Node that runs it, shows the figures and writes nothing.
import { execFileSync } from 'node:child_process'
import { existsSync, writeFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { supportedNodes } from './nodes.js'
import { run } from './run.js'

const { values, positionals } = parseArgs({ options: { print: { type: 'boolean' } }, allowPositionals: true })

await run(process.execPath, ['scripts/build.js'])
await run('tsc', ['-p', 'test/bench'])
// By computed paths: they were compiled just now.
const compiled = (path) => import(new URL(`../.tmp/bench/${path}`, import.meta.url).href)
const { describeFigure } = await compiled('report/figure-text.js')
const { machine } = await compiled('harness/machine.js')
const { suites } = await compiled('suites/index.js')

const names = positionals.length > 0 ? positionals : Object.keys(suites)
for (const name of names)
  if (!suites[name]) fail(`expected a suite of ${Object.keys(suites).join(', ')}, found "${name}"`)
const nodes = values.print ? [{ version: process.versions.node, program: process.execPath }] : await supportedNodes()

const PEERS = 'test/bench/peers'
if (names.includes('peers') && !existsSync(`${PEERS}/node_modules`)) {
  await run('npm', ['ci', '--no-audit', '--no-fund', '--ignore-scripts'], { cwd: PEERS })
}

for (const name of names) {
  const runs = []
  for (const { version, program } of suites[name].everyNode ? nodes : nodes.slice(-1)) {
    console.log(`\n${name}, Node ${version}`)
    const result = JSON.parse(await run(program, ['.tmp/bench/suite.js', name]))
    for (const figure of result.figures) console.log(`  ${describeFigure(figure)}`)
    runs.push(result)
  }
  if (values.print) continue
  const commit = execFileSync('git', ['rev-parse', '--short', 'HEAD'], { encoding: 'utf8' }).trim()
  const result = { machine: machine(), commit, runs }
  writeFileSync(`test/bench/results/${name}.json`, `${JSON.stringify(result, null, 2)}\n`)
}

function fail(message) {
  console.error(message)
  process.exit(2)
}
