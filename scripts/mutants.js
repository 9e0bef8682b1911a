// `npm run test:mutants [-- NAME...]`: each patch of test/mutants breaks one check, and the test that the patch names has to
// fail then, by an assertion. `--json FILE` also writes the counts, for .ci/run.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, relative, resolve, sep } from 'node:path'
import { parseArgs } from 'node:util'
import { copyProject, layOver, linkCopy, patchFiles } from './mutants/copy.js'
import { readPatches } from './mutants/patches.js'
import { Progress } from './mutants/progress.js'
import { runTests } from './mutants/run-tests.js'
import { outcomeOf, problemOf } from './mutants/verdict.js'

const { values, positionals } = parseArgs({ allowPositionals: true, options: { json: { type: 'string' } } })
const patches = readPatches(positionals)
const progress = new Progress(patches.length)
// Outside of the project: inside of a repository git takes the paths of a patch for the repository's own.
const folder = mkdtempSync(join(tmpdir(), 'waxseal-mutants-'))
const root = resolve('.')
const patchedFiles = (name) => join(folder, 'patched', name)

try {
  await withPatches(await withoutPatches(applied(patches)))
} finally {
  rmSync(folder, { recursive: true, force: true })
}
process.exitCode = progress.finish() ? 0 : 1
if (values.json) writeFileSync(values.json, JSON.stringify(progress.result))

/** The patches that apply. */
function applied(all) {
  return all.filter((patch) => {
    const problem = patchFiles(patchedFiles(patch.name), patch)
    if (problem) progress.failed(patch.name, problem)
    return !problem
  })
}

/** The patches whose test passes without them: no other proves anything by failing. */
async function withoutPatches(all) {
  const projects = [...new Set(all.map(({ test }) => test.project))]
  const runs = projects.map((project) => {
    const tests = all.flatMap(({ test }) => (test.project === project ? [test] : []))
    return { name: project, root, project, tests }
  })
  const results = new Map()
  progress.say('the tests without the patches')
  await runTests(folder, runs, (project, result) => {
    results.set(`${project} ${relative(root, result.testFilePath).replaceAll(sep, '/')}`, result)
  })
  return all.filter(({ name, test }) => {
    const { passed, problem } = outcomeOf(test, results.get(`${test.project} ${test.file}`))
    if (!passed) progress.failed(name, `without the patch: ${problem}`)
    return passed
  })
}

/**
 * A patched file takes the place of the project's own when a test imports it, which costs little. What is not found so is tried
 * once more in a copy of the project: some tests run the command in a process of its own. And in workers that no other mutant
 * has had before: one that breaks its worker takes another with it.
 */
async function withPatches(all) {
  const imported = ({ name }) => ({ root, patched: patchedFiles(name) })
  const left = await notFound(all, imported, false)
  if (left.length === 0) return
  progress.say(`${left.length} once more, each in a copy`)
  const unpatched = join(folder, 'unpatched')
  copyProject(unpatched)
  const copied = ({ name }) => {
    const copy = join(folder, 'copies', name)
    linkCopy(unpatched, copy)
    layOver(copy, patchedFiles(name))
    return { root: copy }
  }
  await notFound(left, copied, true)
}

/** Reports those that are found, and the others too if `isLast`. `placed` says where the test of a patch is run. */
async function notFound(all, placed, isLast) {
  const byName = new Map(all.map((patch) => [patch.name, patch]))
  const left = []
  const judge = (name, result) => {
    const patch = byName.get(name)
    byName.delete(name)
    const problem = problemOf(patch.test, result)
    if (problem && !isLast) left.push(patch)
    else progress.report(name, problem)
  }
  const runs = all.map((patch) => {
    const { name, test } = patch
    return { name, ...placed(patch), project: test.project, tests: [test] }
  })
  if (runs.length > 0) await runTests(folder, runs, judge)
  for (const name of [...byName.keys()]) judge(name, undefined)
  return left
}
