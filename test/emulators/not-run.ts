import { test } from '@jest/globals'

/** The one test of a suite whose server is not there. */
export function declareNotRun(suite: string, variable: string): void {
  test(`not run: ${suite}`, () => {
    const message = `not run: ${suite}: ${variable} is not set; "npm run test:emulators" starts the emulators`
    if (process.env['REQUIRE_PROVIDERS'] === '1') throw new Error(message)
    process.stderr.write(`${message}\n`)
  })
}
