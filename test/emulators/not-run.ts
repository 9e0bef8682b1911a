import { test } from '@jest/globals'

/** The one test of a suite whose server is not there. `started`: whether `npm run test:emulators` starts one. */
export function declareNotRun(suite: string, variable: string, { started = true } = {}): void {
  test(`not run: ${suite}`, () => {
    const remedy = started ? '"npm run test:emulators" starts the emulators' : 'docs/testing-providers.md says how'
    const message = `not run: ${suite}: ${variable} is not set; ${remedy}`
    if (started && process.env['REQUIRE_PROVIDERS'] === '1') throw new Error(message)
    process.stderr.write(`${message}\n`)
  })
}
