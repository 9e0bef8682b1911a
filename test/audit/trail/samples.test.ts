import { expect, test } from '@jest/globals'
import fc from 'fast-check'
import { providers } from '../../../providers/index.js'
import type { Normalized } from '../../../src/audit/trail/audit-event.js'
import { withSharedFolder } from '../../setup/shared-data.js'
import { eventOf } from './event-of.js'
import { plainIn, recordsIn, samplesByProvider } from './samples.js'

const NAMES = Object.keys(providers) as (keyof typeof providers)[]
const normalizerOf = async (provider: keyof typeof providers) => (await providers[provider].trail()).normalize
const reasonOf = (found: Normalized) => ('quarantined' in found ? found.quarantined : undefined)

withSharedFolder('samples of audit trails', 'audit-samples', (files) => {
  const samples = samplesByProvider(files)

  test.each(NAMES)('every sample of the trail of %s is an event or ignored', async (provider) => {
    const normalize = await normalizerOf(provider)
    const records = (samples.get(provider) ?? []).flatMap(({ name, content }) => {
      return recordsIn(content).map((raw) => ({ name, raw, found: normalize({ raw }) }))
    })
    const [events, unknown] = [
      records.filter(({ found }) => 'event' in found),
      records.filter(({ found }) => 'event' in found && found.event.operationClass === 'other'),
    ]
    process.stderr.write(
      `samples of ${provider}: ${samples.get(provider)?.length ?? 0} files, ${events.length} events ` +
        `(${unknown.length} of an unknown operation), ${records.length - events.length} others\n`,
    )
    expect(records.flatMap(({ name, found }) => (reasonOf(found) ? `${name}: ${reasonOf(found)}` : []))).toEqual([])
    for (const { name, raw, found } of records) {
      const plain = plainIn(provider, raw)
      if (plain === undefined) continue
      if (!('event' in found)) throw new Error(`${name}: ${plain.operation} is no event: ${JSON.stringify(found)}`)
      expect([name, eventOf(found).operation]).toEqual([name, expect.stringContaining(plain.operation)])
      expect([name, eventOf(found).outcome !== 'success' || !plain.isRefused]).toEqual([name, true])
    }
  })

  test('every sample is of a trail of ours, or understood by one of them', async () => {
    const normalizers = await Promise.all(NAMES.filter((name) => name !== 'local').map(normalizerOf))
    const others = samples.get('') ?? []
    const lost = others.filter(({ content }) => {
      return recordsIn(content).some((raw) => normalizers.every((normalize) => 'quarantined' in normalize({ raw })))
    })
    process.stderr.write(`samples of trails: ${files.length} files, ${others.length} of no provider by their names\n`)
    expect(lost.map(({ name }) => name)).toEqual([])
    expect([...samples.keys()].length).toBeGreaterThan(0)
  })

  test('samples that were cut off, and samples with other characters in them, never throw', async () => {
    const known = await Promise.all(
      NAMES.map(async (name) => {
        const normalize = await normalizerOf(name)
        return [name, ''].flatMap((of) => samples.get(of) ?? []).map(({ content }) => ({ normalize, content }))
      }),
    )
    const each = known.flat()
    const mangled = fc.constantFrom(...each).chain(({ normalize, content }) => {
      const cut = fc.nat(content.length).map((end) => content.slice(0, end))
      const exchanged = fc
        .tuple(fc.nat(content.length), fc.string({ minLength: 1, maxLength: 2, unit: 'binary' }))
        .map(([at, text]) => content.slice(0, at) + text + content.slice(at + 1))
      return fc.oneof(cut, exchanged).map((raw) => ({ normalize, raw }))
    })
    fc.assert(
      fc.property(mangled, ({ normalize, raw }) => Object.keys(normalize({ raw })).length === 1),
      { numRuns: 200 },
    )
  })
})
