// `npm run test:nodes`: the tests on the supported Node versions other than the one that runs this, one after the other.
// `-- FOLDER...` are those tests only. `--summary FILE` also writes the counts, for .ci/run.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { environmentOf, otherNodes } from './nodes.js'
import { readReport } from './report.js'

const { values, positionals } = parseArgs({ options: { summary: { type: 'string' } }, allowPositionals: true })
const folder = mkdtempSync(join(tmpdir(), 'waxseal-test-nodes-'))
let [passed, failed] = [0, 0]
const failures = []

try {
  for (const node of await otherNodes()) {
    process.stdout.write(`\nNode ${node.version}\n`)
    const report = join(folder, `${node.version}.json`)
    const args = ['node_modules/jest/bin/jest.js', ...positionals, '--json', `--outputFile=${report}`]
    const NODE_OPTIONS = '--experimental-vm-modules --no-warnings'
    const env = { ...environmentOf(node), NODE_OPTIONS }
    // Its report goes to the file and to the standard output, which nobody needs twice.
    const [code] = await once(spawn(node.program, args, { env, stdio: ['ignore', 'ignore', 'inherit'] }), 'close')
    const found = reportOf(report)
    passed += found.passed
    failed += found.failed === 0 && code !== 0 ? 1 : found.failed
    failures.push(...found.failures.map((failure) => `Node ${node.version}: ${failure}`))
  }
} finally {
  rmSync(folder, { recursive: true, force: true })
}

process.stdout.write(`${passed} passed, ${failed} failed\n`)
if (values.summary) writeFileSync(values.summary, JSON.stringify({ passed, failed, failures }))
process.exitCode = failed === 0 ? 0 : 1

/** No report is no count; the exit code says that it failed. */
function reportOf(file) {
  try {
    return readReport(file)
  } catch {
    return { passed: 0, failed: 0, failures: [] }
  }
}
