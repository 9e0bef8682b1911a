import { readFileSync } from 'node:fs'
import { expect, test } from '@jest/globals'
import fc from 'fast-check'
import { PublishedKeks } from '../../src/lifecycle/published-keks.js'
import { VERSION } from '../../src/lifecycle/version.js'

const HOLD = 3
const kek = (version: string) => ({ provider: 'fake', id: 'kek', version })

const version = fc.constantFrom('1', '2', '3')
/** What happens to a process, in any order: it wraps, asks its provider, an interval ends, a heartbeat is sent, stored with or without an answer, or lost. */
const step = fc.oneof(
  fc.record({ what: fc.constant('wrap' as const), version }),
  fc.record({ what: fc.constant('expect' as const), version }),
  fc.record({
    what: fc.constantFrom('beat' as const, 'send' as const, 'stored' as const, 'unanswered' as const, 'lost' as const),
  }),
)

test('whatever left the cipher within the hold is named by every heartbeat that is stored afterwards, and by one before', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60, size: 'max' }), (steps) => {
      const published = new PublishedKeks(HOLD)
      let sent: readonly { version: string }[] | undefined
      let stored = new Set<string>()
      let interval = 0
      const left = new Map<string, number>()
      for (const each of steps) {
        if (each.what === 'wrap') {
          published.use([kek(each.version)])
          if (!published.covers([kek(each.version)])) continue
          // It leaves: whoever reads the table must find it there.
          expect(stored).toContain(each.version)
          if (sent) expect(sent.map((it) => it.version)).toContain(each.version)
          left.set(each.version, interval)
        } else if (each.what === 'expect') published.expect([kek(each.version)])
        else if (each.what === 'beat') {
          interval += 1
          published.beat()
        } else if (each.what === 'send') {
          sent ??= published.send()
        } else if (each.what !== 'lost' && sent) {
          // Unanswered: the table has it, and the process does not know.
          if (each.what === 'stored') published.stored(sent as ReturnType<PublishedKeks['send']>)
          stored = new Set(sent.map((it) => it.version))
          for (const [name, at] of left) if (interval - at < HOLD) expect(stored).toContain(name)
          sent = undefined
        } else if (each.what === 'lost') {
          sent = undefined
        }
      }
    }),
    { numRuns: 2_000 },
  )
})

test('the version that a process tells is that of the package', () => {
  const { version: published } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'))
  expect(VERSION).toBe(published)
})
