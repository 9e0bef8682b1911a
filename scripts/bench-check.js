// `npm run bench:check`: fails when an operation takes a larger share of a raw `node:crypto` encryption than was recorded,
// by more than a quarter. `--record` measures the shares on each supported Node and writes them.
import { readFileSync, writeFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { supportedNodes } from './nodes.js'
import { run } from './run.js'

const RECORDED = 'test/bench/results/gate.json'
/** A case fails when it is too slow in each of them. */
const PROCESSES = 4

const { values } = parseArgs({ options: { record: { type: 'boolean' } } })
await run(process.execPath, ['scripts/build.js'])
await run('tsc', ['-p', 'test/bench'])
const { lowest, regressions } = await import('../.tmp/bench/harness/regressions.js')
process.exitCode = values.record ? await record() : await check()

async function record() {
  const recorded = {}
  for (const { version, program } of await supportedNodes()) {
    const processes = []
    for (let n = 0; n < 2; n++) processes.push(await measure(program))
    recorded[version.split('.')[0]] = lowest(processes)
  }
  writeFileSync(RECORDED, `${JSON.stringify(recorded, (_, value) => rounded(value), 2)}\n`)
  return 0
}

async function check() {
  const line = process.versions.node.split('.')[0]
  const recorded = JSON.parse(readFileSync(RECORDED, 'utf8'))[line]
  if (!recorded) {
    console.error(
      `nothing is recorded for Node ${line}: add it to scripts/nodes.js and run npm run bench:check -- --record`,
    )
    return 1
  }
  const processes = []
  let slower = []
  do {
    processes.push(await measure(process.execPath))
    slower = regressions(recorded, lowest(processes))
  } while (slower.length > 0 && processes.length < PROCESSES)

  const found = lowest(processes)
  for (const [id, share] of Object.entries(recorded)) {
    const change = Math.round((found[id] / share - 1) * 100)
    const verdict = slower.some((each) => each.id === id) ? 'failed' : 'ok    '
    console.log(`${verdict}  ${id.padEnd(16)} ${found[id].toFixed(2).padStart(6)}× raw, recorded ${share}, ${change} %`)
  }
  if (slower.length > 0) console.log('profile it; if it has to be so, record it: npm run bench:check -- --record')
  return slower.length === 0 ? 0 : 1
}

async function measure(program) {
  return JSON.parse(await run(program, ['.tmp/bench/gate.js']))
}

function rounded(value) {
  return typeof value === 'number' ? Number(value.toPrecision(3)) : value
}
