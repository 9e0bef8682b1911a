// `npm run bench`: measures the built package on each supported Node, and writes results, page and charts. `-- SUITE...` are
// those suites only. `--print` measures with the Node that runs it, shows the figures and writes nothing. `--page` measures
// nothing, and writes page and charts again from the results.
import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { supportedNodes } from './nodes.js'
import { run } from './run.js'

const options = { print: { type: 'boolean' }, page: { type: 'boolean' } }
const { values, positionals } = parseArgs({ options, allowPositionals: true })

await run(process.execPath, ['scripts/build.js'])
await run('tsc', ['-p', 'test/bench'])
// By computed paths: they were compiled just now.
const compiled = (path) => import(new URL(`../.tmp/bench/${path}`, import.meta.url).href)
const { describeFigure } = await compiled('report/figure-text.js')
const { documents, PAGE } = await compiled('report/documents.js')
const { machine } = await compiled('harness/machine.js')
const { suites } = await compiled('suites/index.js')

const all = Object.keys(suites)
const unknown = positionals.filter((name) => !suites[name])
if (unknown.length > 0) fail(`expected suites of ${all.join(', ')}, found ${unknown.join(', ')}`)
const names = values.page ? [] : positionals.length > 0 ? positionals : all
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
  writeFileSync(resultOf(name), `${JSON.stringify(result, null, 2)}\n`)
}

if (!values.print) {
  mkdirSync('docs/performance', { recursive: true })
  const written = documents(readFileSync(PAGE, 'utf8'), allResults())
  for (const [path, text] of Object.entries(written)) writeFileSync(path, text)
}

function allResults() {
  const measured = all.filter((name) => existsSync(resultOf(name)))
  return Object.fromEntries(measured.map((name) => [name, JSON.parse(readFileSync(resultOf(name), 'utf8'))]))
}

function resultOf(name) {
  return `test/bench/results/${name}.json`
}

function fail(message) {
  console.error(message)
  process.exit(2)
}
