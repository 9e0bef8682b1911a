import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { gunzipSync } from 'node:zlib'
import { test } from '@jest/globals'

const packageRoot = fileURLToPath(new URL('../../', import.meta.url))

/** Where other people's test data lies: it is read from there and never part of the package. */
const folder = resolve(packageRoot, process.env.WAXSEAL_SHARED || '../shared')

export interface SharedFile {
  readonly name: string
  readonly content: string
}

/**
 * Defines tests over a file of shared test data. Where the file is absent they are reported as not run, by a test of
 * that name and a line on stderr; with `REQUIRE_SHARED=1` that test fails.
 */
export function withSharedData(what: string, path: string, define: (content: string) => void): void {
  withShared(what, path, (file) => define(readFileSync(file, 'utf8')))
}

/** As `withSharedData`, over all files below a folder, each by its path in it, and read as what it holds where it is compressed. */
export function withSharedFolder(what: string, path: string, define: (files: readonly SharedFile[]) => void): void {
  withShared(what, path, (directory) => {
    const files = readdirSync(directory, { recursive: true, encoding: 'utf8' })
      .filter((name) => statSync(join(directory, name)).isFile())
      .sort()
    define(files.map((name) => ({ name, content: textOf(readFileSync(join(directory, name))) })))
  })
}

function textOf(bytes: Buffer): string {
  return (bytes[0] === 0x1f && bytes[1] === 0x8b ? gunzipSync(bytes) : bytes).toString()
}

function withShared(what: string, path: string, define: (found: string) => void): void {
  const found = resolve(folder, path)
  if (existsSync(found)) {
    define(found)
    return
  }
  test(`not run: ${what}`, () => {
    const message = `not run: ${what}: ${found} is absent; set WAXSEAL_SHARED to the folder of shared test data`
    if (process.env.REQUIRE_SHARED === '1') throw new Error(message)
    process.stderr.write(`${message}\n`)
  })
}
