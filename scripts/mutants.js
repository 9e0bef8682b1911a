// `npm run test:mutants [-- NAME...]`: each patch of test/mutants breaks one check in a copy of the project, and the test that
// the patch names has to fail there, by an assertion. `--json FILE` also writes the counts, for .ci/run.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, relative, sep } from 'node:path'
import { parseArgs } from 'node:util'
import { applyPatch, copyProject, linkCopy } from './mutants/copy.js'
import { readPatches } from './mutants/patches.js'
import { Progress } from './mutants/progress.js'
import { runTests } from './mutants/run-tests.js'
import { outcomeOf, problemOf } from './mutants/verdict.js'

const { values, positionals } = parseArgs({ allowPositionals: true, options: { json: { type: 'string' } } })
const patches = readPatches(positionals)
const progress = new Progress(patches.length)
// Outside of the project: inside of a repository git takes the paths of a patch for the repository's own.
const folder = mkdtempSync(join(tmpdir(), 'waxseal-mutants-'))
const unpatched = join(folder, 'unpatched')

try {
  const sound = await withoutPatches(applied(patches))
  await withPatches(sound)
} finally {
  rmSync(folder, { recursive: true, force: true })
}
process.exitCode = progress.finish() ? 0 : 1
if (values.json) writeFileSync(values.json, JSON.stringify(progress.counts))

/** The patches that apply, each in a copy of its own. */
function applied(all) {
  copyProject(unpatched)
  return all.filter(({ name, text }) => {
    linkCopy(unpatched, join(folder, name))
    const problem = applyPatch(join(folder, name), text)
    if (problem) progress.failed(name, problem)
    return !problem
  })
}

/** The patches whose test passes without them: no other proves anything by failing. */
async function withoutPatches(all) {
  const projects = [...new Set(all.map(({ test }) => test.project))]
  const runs = projects.map((project) => {
    const tests = all.flatMap(({ test }) => (test.project === project ? [test] : []))
    return { name: project, folder: unpatched, project, tests }
  })
  const results = new Map()
  progress.say('the tests without the patches')
  await runTests(folder, runs, (project, result) => {
    results.set(`${project} ${relative(unpatched, result.testFilePath).replaceAll(sep, '/')}`, result)
  })
  return all.filter(({ name, test }) => {
    const { passed, problem } = outcomeOf(test, results.get(`${test.project} ${test.file}`))
    if (!passed) progress.failed(name, `without the patch: ${problem}`)
    return passed
  })
}

/**
 * Those that were not found are tried once more, in workers that no other broken copy has had before: one that breaks its worker
 * takes another with it.
 */
async function withPatches(all) {
  const left = await notFound(all, false)
  if (left.length > 0) progress.say(`${left.length} once more`)
  await notFound(left, true)
}

/** Reports those that are found, and the others too if `isLast`. */
async function notFound(all, isLast) {
  const byName = new Map(all.map((patch) => [patch.name, patch]))
  const left = []
  const judge = (name, result) => {
    const patch = byName.get(name)
    byName.delete(name)
    const problem = problemOf(patch.test, result)
    if (problem && !isLast) left.push(patch)
    else progress.report(name, problem)
  }
  const runs = all.map(({ name, test }) => ({ name, folder: join(folder, name), project: test.project, tests: [test] }))
  if (runs.length > 0) await runTests(folder, runs, judge)
  for (const name of [...byName.keys()]) judge(name, undefined)
  return left
}
