import { afterEach, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { metadataToJson } from '../../src/index.js'
import { shred } from '../../src/shredding/index.js'
import { outcome, type Row } from '../postgres/credentials.js'
import { Rotating, renewOn } from './renewing.js'

let made: Rotating
afterEach(() => made.drop())

type Kind = 'read' | 'save' | 'save anew' | 'rotate' | 'renew' | 'shred'
interface Step {
  readonly kind: Kind
  /** What happens in the middle of a renewal: when the new data key is there and nothing is stored. */
  readonly meanwhile: Kind
}

const kind = fc.constantFrom<Kind>('read', 'save', 'save', 'save anew', 'rotate', 'renew', 'shred')
const step: fc.Arbitrary<Step> = fc.record({ kind, meanwhile: kind })

test('rotate, renew, save and shred of one row, in any order and in the middle of a renewal, end consistent', async () => {
  made = await Rotating.create()
  const { credentials } = made
  const counts = { saved: 0, refused: 0, renewed: 0, shredded: 0 }

  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 3, maxLength: 6 }), async (steps) => {
      const { id } = await credentials.insert({ password: 'first' })
      let read: Row = await credentials.read(id)
      let expected: string | undefined = 'first'

      const operations: Record<Kind, (inner: Kind) => Promise<unknown>> = {
        read: async () => {
          read = await credentials.read(id)
        },
        save: () => save(false),
        'save anew': () => save(true),
        async rotate() {
          credentials.provider.kms.rotate()
          expect(await made.rotate()).toMatchObject({ state: 'finished', failed: 0 })
        },
        async renew(inner) {
          const report = await renewOn(made, { cipher: interrupted(inner) })
          expect(report).toMatchObject({ state: 'finished', failed: 0 })
          counts.renewed += report.renewed
        },
        async shred() {
          const { receipt, failures } = await shred(made.database.client, {
            ...{ tables: [credentials.table], cipher: credentials.cipher },
            target: { kind: 'row', entity: 'credential', primaryKey: { id } },
            ...{ reason: 'test', who: 'test', backupsKept: 'none' },
          })
          expect(failures).toEqual([])
          counts.shredded += receipt.rows
          if (receipt.rows > 0) expected = undefined
        },
      }

      for (const { kind, meanwhile } of steps) {
        await operations[kind](meanwhile)
        const opened = await credentials.decrypt(await credentials.read(id)).catch((error) => error.code)
        const isShredded = expected === undefined
        expect(opened).toEqual(isShredded ? 'ERR_CREDENTIAL_SHREDDED' : { password: expected, oauth: null })
      }
      await credentials.query('DELETE FROM {table}')

      /** From the row as it was read last, which may be long ago. */
      async function save(anew: boolean): Promise<void> {
        const value = `saved ${counts.saved + counts.refused}`
        const mints = anew || !('wraps' in read.encryption_metadata)
        const envelope = mints ? await credentials.mint(id) : await credentials.open(read)
        const password = credentials.encrypt(envelope, 'password', value)
        const metadata = mints ? { encryption_metadata: metadataToJson(envelope.metadata) } : {}
        const result = await outcome(credentials.update(id, { password, ...metadata }))
        // A lost race is refused with a code that the caller can retry on, and with no other.
        expect(result).toMatch(/^(accepted|WX002)$/)
        counts[result === 'accepted' ? 'saved' : 'refused'] += 1
        if (result === 'accepted') expected = value
      }

      function interrupted(inner: Kind) {
        const { cipher } = credentials
        let done = false
        return {
          open: cipher.open.bind(cipher),
          forget: cipher.forget.bind(cipher),
          async mint(...args: Parameters<typeof cipher.mint>) {
            const minted = await cipher.mint(...args)
            if (!done && inner !== 'renew') {
              done = true
              await operations[inner]('read')
            }
            return minted
          },
        }
      }
    }),
    { numRuns: 30 },
  )

  // All of it happened, or the property was about nothing.
  for (const count of Object.values(counts)) expect(count).toBeGreaterThan(5)
}, 120_000)
