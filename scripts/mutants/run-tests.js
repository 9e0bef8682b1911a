import { writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { runCLI } from 'jest'
import configuration from '../../jest.config.js'
import { results } from './reporter.js'

const { projects, ...common } = configuration

/**
 * Runs named tests in copies of the project, two files at a time on one server: `runs` are `{ name, folder, project, tests }`.
 * Calls `onResult` with the name of the run and what jest says of each file. Writes its configuration into `folder`.
 */
export async function runTests(folder, runs, onResult) {
  const config = join(folder, 'jest.config.json')
  writeFileSync(config, JSON.stringify({ ...common, rootDir: resolve('.'), projects: runs.map(projectOf) }))
  results.listener = onResult
  const reporters = [resolve('scripts/mutants/reporter.js')]
  // Modules of every copy stay in a worker's memory: before it has no more, another takes its place.
  const options = { config, reporters, maxWorkers: 2, workerIdleMemoryLimit: '1500MB', watchman: false }
  await runCLI({ ...options, _: [], $0: 'jest' }, [process.cwd()])
}

function projectOf({ name, folder, project, tests }) {
  const titles = {}
  for (const { file, title } of tests) titles[file] = [...(titles[file] ?? []), title]
  const found = projects.find(({ displayName }) => displayName === project)
  if (!found) throw new Error(`${name}: jest.config.js has no project "${project}"`)
  return {
    ...found,
    rootDir: folder,
    displayName: name,
    testMatch: Object.keys(titles).map((file) => join(folder, file)),
    testEnvironment: resolve('scripts/mutants/environment.js'),
    testEnvironmentOptions: { titles },
  }
}
