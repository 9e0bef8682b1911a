import { expect, test } from '@jest/globals'
import fc from 'fast-check'
import type { AuditEvent, Normalized, TrailRecord } from '../../../src/audit/trail/audit-event.js'
import { withSharedFolder } from '../../setup/shared-data.js'

/** Tests of every sample of a provider's trail: what is no event of the KMS is ignored, and nothing is not understood. */
export function testSamples(provider: string, normalize: (record: TrailRecord) => Normalized): void {
  const [own, derived] = [`audit-samples/${provider}`, 'audit-samples/derived']
  withSharedFolder(`samples of ${provider}`, own, (samples) => {
    withSharedFolder(`derived samples of ${provider}`, derived, (all) => {
      const others = all.filter(({ name }) => name.startsWith(`${provider}-`))
      test(`${provider}: every sample of the trail is an event or ignored`, () => {
        const counts = { events: 0, ignored: 0 }
        for (const { name, content } of [...samples, ...others]) {
          const normalized = normalize({ raw: content })
          if ('event' in normalized) counts.events++
          else if ('ignored' in normalized) counts.ignored++
          else throw new Error(`${name}: quarantined: ${normalized.quarantined}`)
        }
        process.stderr.write(`samples of ${provider}: ${counts.events} events, ${counts.ignored} ignored\n`)
        expect(counts.events + counts.ignored).toBe(samples.length + others.length)
        expect(counts.events).toBeGreaterThan(others.length)
      })

      test(`${provider}: samples that were cut off, and samples with other characters in them, never throw`, () => {
        const mangled = fc.constantFrom(...samples, ...others).chain(({ content }) => {
          const cut = fc.nat(content.length).map((end) => content.slice(0, end))
          const exchanged = fc
            .tuple(fc.nat(content.length), fc.string({ minLength: 1, maxLength: 2, unit: 'binary' }))
            .map(([at, text]) => content.slice(0, at) + text + content.slice(at + 1))
          return fc.oneof(cut, exchanged)
        })
        fc.assert(fc.property(mangled, (raw) => Object.keys(normalize({ raw })).length === 1))
      })
    })
  })
}

export function eventOf(normalized: Normalized): AuditEvent {
  expect(normalized).toHaveProperty('event')
  return (normalized as { readonly event: AuditEvent }).event
}
