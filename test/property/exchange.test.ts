import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import type { EnvelopeBinding } from '../../src/envelope/binding.js'
import {
  type EncryptedField,
  formatBytes,
  formatText,
  parseBytes,
  parseText,
} from '../../src/envelope/encrypted-field.js'
import type { EnvelopeCipher } from '../../src/envelope/envelope-cipher.js'
import type { FieldSpec } from '../../src/envelope/field-value.js'
import type { WrappedMetadata } from '../../src/envelope/metadata.js'
import { metadataFromJson, metadataToJson } from '../../src/envelope/metadata-codec.js'
import { isWaxsealError } from '../../src/errors.js'
import { setup } from '../unit/envelope/fixtures.js'

// The last one is what a KMS says of a KEK version that it does not have.
const REFUSALS = ['ERR_DECRYPTION_FAILED', 'ERR_INVALID_ENVELOPE', 'ERR_KEK_NOT_ACCEPTED', 'ERR_KEK_UNAVAILABLE']

/** The value, or undefined where it is refused by one of the errors that say so; any other error fails the test. */
async function readOrRefuse(read: () => Promise<unknown>): Promise<unknown> {
  try {
    return await read()
  } catch (error) {
    if (isWaxsealError(error) && REFUSALS.includes(error.code)) return undefined
    throw error
  }
}

interface Credential {
  readonly to: EnvelopeBinding
  readonly metadata: WrappedMetadata
  readonly fields: readonly { readonly spec: FieldSpec; readonly stored: EncryptedField; readonly value: string }[]
}

// Few names and many rows, so that neighbours differ in one thing only.
const specs: FieldSpec[] = [
  { id: 'credential.a', kind: 'text' },
  { id: 'credential.b', kind: 'text' },
  { id: 'credential.a', kind: 'bytes' },
]
const bindings: EnvelopeBinding[] = ['credential', 'account'].flatMap((entity) =>
  ['t', 'u'].flatMap((tenant) =>
    [{ row: '1' }, { row: '1' }, { row: '2' }, {}].map((row) => ({ entity, ...row, context: { tenant } })),
  ),
)

async function world(cipher: EnvelopeCipher): Promise<Credential[]> {
  return Promise.all(
    bindings.map(async (to, index) => {
      const envelope = await cipher.mint(to)
      const fields = specs.map((spec) => {
        const value = `${index} ${spec.id} ${spec.kind}`
        const plaintext = spec.kind === 'bytes' ? Buffer.from(value) : value
        return { spec, stored: envelope.encryptField(spec, plaintext), value }
      })
      return { to, metadata: envelope.metadata, fields }
    }),
  )
}

const which = fc.nat(bindings.length - 1)
const whichField = fc.nat(specs.length - 1)

for (const [what, options] of [
  ['with every data key in the cache', {}],
  ['with no cache', { cache: false }],
] as const) {
  describe(what, () => {
    const { cipher } = setup(options)
    const made = world(cipher)

    test('a field opens with its own metadata, row, tenant, id and kind, and with nothing else', async () => {
      let opened = 0
      const run = async (one: number, two: number, three: number, mine: number, asked: number) => {
        const credentials = await made
        const { stored, value } = credentials[one]!.fields[mine]!
        const { metadata } = credentials[two]!
        const { to } = credentials[three]!
        const spec = specs[asked]!
        const result = await readOrRefuse(async () => (await cipher.open(metadata, to)).decryptField(spec, stored))
        const isOwn = one === two && JSON.stringify(to) === JSON.stringify(bindings[one]) && mine === asked
        expect(result === undefined ? undefined : String(result)).toBe(isOwn ? value : undefined)
        if (isOwn) opened++
      }
      // All pairs that share all but one choice, then any mixture.
      for (const [index] of bindings.entries()) {
        for (const [other] of bindings.entries()) {
          await run(index, other, index, 0, 0)
          await run(index, index, other, 0, 0)
        }
        for (const mine of specs.keys()) for (const asked of specs.keys()) await run(index, index, index, mine, asked)
      }
      await fc.assert(fc.asyncProperty(which, which, which, whichField, whichField, run), { numRuns: 1_000 })
      expect(opened).toBeGreaterThan(bindings.length)
    })

    test('parts of metadata exchanged between credentials do not open', async () => {
      const part = fc.constantFrom('id', 'commitment', 'wraps', 'dataKey')
      await fc.assert(
        fc.asyncProperty(which, which, part, async (one, two, name) => {
          fc.pre(one !== two)
          const [mine, other] = [(await made)[one]!, (await made)[two]!]
          const wraps = mine.metadata.wraps.map((wrap, index) => ({
            ...wrap,
            dataKey: other.metadata.wraps[index]!.dataKey,
          }))
          const metadata =
            name === 'dataKey'
              ? { ...mine.metadata, wraps }
              : { ...mine.metadata, [name]: other.metadata[name as 'id'] }
          for (const { to, fields } of [mine, other]) {
            const { spec, stored } = fields[0]!
            expect(await readOrRefuse(async () => (await cipher.open(metadata, to)).decryptField(spec, stored))).toBe(
              undefined,
            )
          }
        }),
      )
    })
  })
}

describe('damage', () => {
  const { cipher } = setup({ cache: false })
  const made = world(cipher)
  const forms: [string, (stored: EncryptedField) => Buffer, (bytes: Buffer) => EncryptedField][] = [
    ['text', (stored) => Buffer.from(formatText(stored)), (bytes) => parseText(bytes.toString('utf8'))],
    ['bytea', formatBytes, parseBytes],
  ]
  const damages: [string, (bytes: Buffer, at: number) => Buffer][] = [
    ['a flipped bit', (bytes, at) => flip(bytes, at % (bytes.length * 8))],
    ['a truncation', (bytes, at) => bytes.subarray(0, at % bytes.length)],
    ['a missing start', (bytes, at) => bytes.subarray(1 + (at % bytes.length))],
    ['a byte more', (bytes, at) => Buffer.concat([bytes, Buffer.from([at & 0xff])])],
  ]

  for (const [form, format, parse] of forms) {
    for (const [what, damage] of damages) {
      test(`${what} in a ${form} column is refused`, async () => {
        await fc.assert(
          fc.asyncProperty(which, whichField, fc.nat(), async (one, mine, at) => {
            const { to, metadata, fields } = (await made)[one]!
            const { spec, stored } = fields[mine]!
            const damaged = damage(format(stored), at)
            const read = async () => (await cipher.open(metadata, to)).decryptField(spec, parse(damaged))
            expect(await readOrRefuse(read)).toBe(undefined)
          }),
          { numRuns: 300 },
        )
      })
    }
  }

  test('a flipped bit in the metadata is refused, or changes only what nothing binds', async () => {
    await fc.assert(
      fc.asyncProperty(which, fc.nat(), async (one, at) => {
        const { to, metadata, fields } = (await made)[one]!
        const { spec, stored, value } = fields[0]!
        const bytes = Buffer.from(JSON.stringify(metadataToJson(metadata)))
        const json = jsonOrUndefined(flip(bytes, at % (bytes.length * 8)).toString('utf8'))
        const read = async () => (await cipher.open(metadataFromJson(json), to)).decryptField(spec, stored)
        const result = await readOrRefuse(read)
        if (result === undefined) return
        expect(result).toBe(value)
        const { wrap: _, wraps, ...rest } = metadataFromJson(json) as WrappedMetadata
        const bound = ({ kek, dataKey }: (typeof wraps)[number]) => ({ kek, dataKey })
        expect({ ...rest, wraps: wraps.map(bound) }).toEqual({
          state: 'wrapped',
          id: metadata.id,
          commitment: metadata.commitment,
          wraps: metadata.wraps.map(bound),
        })
      }),
      { numRuns: 1_000 },
    )
  })
})

function flip(bytes: Buffer, bit: number): Buffer {
  const flipped = Buffer.from(bytes)
  flipped[bit >> 3]! ^= 1 << (bit & 7)
  return flipped
}

function jsonOrUndefined(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
