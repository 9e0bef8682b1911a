import { readdirSync, readFileSync } from 'node:fs'
import { basename, join } from 'node:path'

export const PATCHES = 'test/mutants'

const CHECK = /^Check: (.+)$/m
const TEST = /^Test: (\S+) "(.+)"(?: \[(.+)\])?$/m
const FILE = /^\+\+\+ b\/(\S+)$/gm

/** The project of jest.config.js in which the test runs, unless the patch says otherwise. */
const PROJECT = 'waxseal'

/** Every patch, or those of the given names, with what its first lines say. */
export function readPatches(names = [], folder = PATCHES) {
  const files = readdirSync(folder).filter((file) => file.endsWith('.patch'))
  const known = files.map((file) => basename(file, '.patch'))
  const unknown = names.filter((name) => !known.includes(name))
  if (unknown.length > 0) throw new Error(`${folder} has no ${unknown.join(', ')}.patch`)
  const wanted = names.length === 0 ? known : names
  return wanted.sort().map((name) => parsePatch(name, readFileSync(join(folder, `${name}.patch`), 'utf8')))
}

export function parsePatch(name, text) {
  const [, check] = CHECK.exec(text) ?? []
  const [, file, title, project = PROJECT] = TEST.exec(text) ?? []
  const changed = [...text.matchAll(FILE)].map(([, path]) => path)
  if (!check) throw new Error(`${name}.patch: expected a line "Check: what the check keeps out"`)
  if (!title) throw new Error(`${name}.patch: expected a line 'Test: path "full name of the test"'`)
  if (changed.length === 0) throw new Error(`${name}.patch: expected a unified diff, from "--- a/" and "+++ b/"`)
  return { name, check, test: { file, title, project }, changed, text }
}
