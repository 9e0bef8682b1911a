import { createHash } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { runCLI } from 'jest'
import configuration from '../../jest.config.js'
import { results } from './reporter.js'

const { projects, ...common } = configuration

/**
 * Runs named tests, two files at a time on one server: `runs` are `{ name, root, patched, project, tests }`, of the project in
 * `root` with the files of `patched` in the places of its own. Calls `onResult` with the name of the run and what jest says of
 * each file. Writes its configuration into `folder`.
 */
export async function runTests(folder, runs, onResult) {
  const config = join(folder, 'jest.config.json')
  writeFileSync(config, JSON.stringify({ ...common, rootDir: resolve('.'), projects: runs.map(projectOf) }))
  results.listener = onResult
  const reporters = [resolve('scripts/mutants/reporter.js')]
  // Modules of every mutant stay in a worker's memory: before it has no more, another takes its place.
  const options = { config, reporters, maxWorkers: 2, workerIdleMemoryLimit: '1500MB', watchman: false }
  await runCLI({ ...options, _: [], $0: 'jest' }, [process.cwd()])
}

function projectOf({ name, root, patched, project, tests }) {
  const titles = {}
  for (const { file, title } of tests) titles[file] = [...(titles[file] ?? []), title]
  const found = projects.find(({ displayName }) => displayName === project)
  if (!found) throw new Error(`${name}: jest.config.js has no project "${project}"`)
  const [[files, [, compiler]]] = Object.entries(found.transform)
  const testFiles = Object.keys(titles).map((file) => join(root, file))
  return {
    ...found,
    // The same for all mutants, which share what was resolved and compiled by it.
    id: createHash('sha256').update(`${project} ${root}`).digest('hex').slice(0, 32),
    rootDir: root,
    displayName: name,
    testMatch: testFiles,
    // Nothing but the tests is looked for. Not by a process for each project.
    roots: [...new Set(testFiles.map(dirname))],
    haste: { forceNodeFilesystemAPI: true },
    transform: { [files]: [resolve('scripts/mutants/transform.js'), { patched, compiler }] },
    testEnvironment: resolve('scripts/mutants/environment.js'),
    testEnvironmentOptions: { titles },
  }
}
