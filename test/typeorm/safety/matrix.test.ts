import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { sections } from './cases/index.js'
import { Site } from './ground.js'
import { commit, committed, type Observed, type ObservedCase, versions } from './observed.js'
import { controlOf, NOT_IN_THIS_VERSION, outcomeOf } from './outcome.js'

const WRITES = process.env.WAXSEAL_WRITE_OBSERVED === '1'

let site: Site
let control: Site
let before: Observed | undefined
const seen = new Map<string, ObservedCase[]>()

beforeAll(async () => {
  ;[site, control] = await Promise.all([Site.make(true), Site.make(false)])
  before = committed(await versions(site.database.client))
})
afterAll(async () => {
  if (WRITES) {
    commit({
      ...(await versions(site.database.client)),
      sections: sections.map(({ title, about, instead }) => {
        return { title, about, ...(instead && { instead }), cases: seen.get(title) ?? [] }
      }),
    })
  }
  await site?.destroy()
  await control?.destroy()
})

/** Each operation on encrypted columns, and on the same columns in the open. */
for (const section of sections) {
  for (const [operation, run] of Object.entries(section.cases)) {
    test(`${section.title}: ${operation}`, async () => {
      const observed = {
        operation,
        outcome: await outcomeOf(site, section, run),
        control: await controlOf(control, section, run),
      }
      seen.set(section.title, [...(seen.get(section.title) ?? []), observed])
      const { withoutControl = [] } = section
      if (withoutControl !== 'all' && !withoutControl.includes(operation)) expect(observed.control).not.toBe('nothing')
      expect(observed.control === NOT_IN_THIS_VERSION).toBe(observed.outcome === NOT_IN_THIS_VERSION)
      if (WRITES) return
      const expected = before?.sections.find(({ title }) => title === section.title)?.cases
      expect(observed).toEqual(expected?.find((each) => each.operation === operation))
    })
  }
}

test('what is committed has these cases and no others', () => {
  if (WRITES) return
  const names = (of: readonly { title: string; cases: readonly string[] }[]) =>
    of.map(({ title, cases }) => [title, ...cases])
  expect(
    names((before?.sections ?? []).map(({ title, cases }) => ({ title, cases: cases.map((each) => each.operation) }))),
  ).toEqual(names(sections.map(({ title, cases }) => ({ title, cases: Object.keys(cases) }))))
})
