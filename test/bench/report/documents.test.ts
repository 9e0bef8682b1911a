import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { expect, test } from '@jest/globals'
import { documents, PAGE } from './documents.js'

const root = fileURLToPath(new URL('../../../', import.meta.url))
const read = (path: string) => readFileSync(`${root}${path}`, 'utf8')

const RESULTS = 'test/bench/results'
/** Not a suite: the shares of the regression gate. */
const GATE = 'gate.json'

test('the page and its charts are what the committed results give', () => {
  const files = readdirSync(`${root}${RESULTS}`).filter((file) => file !== GATE)
  const results = files.map((file) => [file.replace('.json', ''), JSON.parse(read(`${RESULTS}/${file}`))])
  for (const [path, text] of Object.entries(documents(read(PAGE), Object.fromEntries(results)))) {
    // If not: npm run bench -- --page
    expect({ path, text: read(path) }).toEqual({ path, text })
  }
})
