import { relative, sep } from 'node:path'
import { stripVTControlCharacters } from 'node:util'
import { TestEnvironment } from 'jest-environment-node'

/** Runs the named tests of a file and no others: `testNamePattern` would be the same for every file of a run. */
export default class NamedTests extends TestEnvironment {
  #titles

  constructor(config, context) {
    super(config, context)
    const { rootDir, testEnvironmentOptions } = config.projectConfig
    this.#titles = testEnvironmentOptions.titles[relative(rootDir, context.testPath).replaceAll(sep, '/')]
  }

  handleTestEvent(event, state) {
    if (event.name === 'run_start') state.testNamePattern = anyOf(this.#titles)
    // Of a hook that runs once for all tests there is no test.
    if (event.name === 'test_fn_failure' || event.name === 'hook_failure') mark(event.test?.errors.at(-1))
  }
}

function anyOf(titles) {
  return new RegExp(`^(?:${titles.map((title) => title.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')).join('|')})$`)
}

/** Another error of the same text: jest makes texts of those of node:assert, and of a cause nothing reaches the reporter. */
function mark(entry) {
  if (!entry) return
  const [error] = entry
  // Not by `instanceof`: an error of a test is of another realm.
  const { message, stack } = error?.stack === undefined ? new Error(String(error)) : error
  entry[0] = Object.assign(new Error(message), { stack, byAssertion: isAssertion(error) })
}

/** Of jest or of node:assert, or what fast-check has made of one. */
function isAssertion(error) {
  if (typeof error !== 'object' || error === null) return false
  const isOfJest = stripVTControlCharacters(String(error.message)).startsWith('expect(')
  return isOfJest || error.code === 'ERR_ASSERTION' || isAssertion(error.cause)
}
