import { existsSync, readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { test } from '@jest/globals'

const packageRoot = fileURLToPath(new URL('../../', import.meta.url))

/** Where other people's test data lies: it is read from there and never part of the package. */
const folder = resolve(packageRoot, process.env.WAXSEAL_SHARED || '../shared')

/**
 * Defines tests over a file of shared test data. Where the file is absent they are reported as not run, by a test of
 * that name and a line on stderr; with `REQUIRE_SHARED=1` that test fails.
 */
export function withSharedData(what: string, path: string, define: (content: string) => void): void {
  const file = resolve(folder, path)
  if (existsSync(file)) {
    define(readFileSync(file, 'utf8'))
    return
  }
  test(`not run: ${what}`, () => {
    const message = `not run: ${what}: ${file} is absent; set WAXSEAL_SHARED to the folder of shared test data`
    if (process.env.REQUIRE_SHARED === '1') throw new Error(message)
    process.stderr.write(`${message}\n`)
  })
}
