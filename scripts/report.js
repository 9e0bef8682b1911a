// What a run came to: how much of it passed and failed, and the names of what failed. `node scripts/report.js FILE NAMES` prints
// the counts of a report, for .ci/run, and appends the names to the file NAMES.
import { appendFileSync, readFileSync } from 'node:fs'
import { relative } from 'node:path'
import { fileURLToPath } from 'node:url'

/** Of a report by jest, or by one of our own scripts, which write `{ passed, failed, failures }`. Throws where there is none. */
export function readReport(file) {
  const report = JSON.parse(readFileSync(file, 'utf8'))
  if (!report.testResults) return report
  const failures = report.testResults.flatMap(({ name, status, assertionResults }) => {
    const path = relative('.', name)
    const titles = assertionResults.flatMap((each) => (each.status === 'failed' ? [each.fullName] : []))
    if (status === 'failed' && titles.length === 0) return [`${path}, outside of its tests`]
    return titles.map((title) => `${path}: ${title}`)
  })
  const { numPassedTests: passed, numFailedTests, numRuntimeErrorTestSuites } = report
  return { passed, failed: numFailedTests + numRuntimeErrorTestSuites, failures }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [, , file, names] = process.argv
  const { passed, failed, failures } = readReport(file)
  for (const failure of failures) appendFileSync(names, `  ${failure}\n`)
  console.log(passed, failed)
}
