import { describe, expect, test } from '@jest/globals'
import { MAX_METADATA_BYTES, MAX_WRAPPED_KEY_BYTES } from '../../../src/envelope/format.js'
import { metadataFromJson, metadataToJson } from '../../../src/envelope/metadata-codec.js'
import { codeOf } from './fixtures.js'

type Json = Record<string, unknown>

const base64url = (bytes: number) => Buffer.alloc(bytes, 7).toString('base64url')
const kek = { provider: 'aws', id: 'arn:aws:kms:eu-west-1:1:key/1', version: 'v1' }
const wrap = { kek, dataKey: base64url(60), wrappedAt: '2026-11-22T21:00:00Z' }
const wrapped = { format: 1, id: base64url(16), commitment: base64url(32), wrap: 1, wraps: [wrap] }
const shredded = { format: 1, id: base64url(16), commitment: base64url(32), shredded: 'receipt-1' }

const withWrap = (change: Json) => ({ ...wrapped, wraps: [{ ...wrap, ...change }] })
const withKek = (change: Json) => withWrap({ kek: { ...kek, ...change } })
const without = (json: Json, member: string) =>
  Object.fromEntries(Object.entries(json).filter(([name]) => name !== member))
const times = (count: number) => ({ ...wrapped, wraps: Array.from({ length: count }, () => wrap) })

describe('metadataFromJson takes', () => {
  for (const [what, json] of [
    ['no envelope', {}],
    ['one wrap', wrapped],
    ['eight wraps', times(8)],
    ['a KEK of unknown version', withKek({ version: '' })],
    ['a wrapped key of one byte', withWrap({ dataKey: base64url(1) })],
    ['a wrapped key of 4 KiB', withWrap({ dataKey: base64url(MAX_WRAPPED_KEY_BYTES) })],
    ['the largest count of wraps', { ...wrapped, wrap: Number.MAX_SAFE_INTEGER }],
    ['a leap day', withWrap({ wrappedAt: '2028-02-29T23:59:59Z' })],
    ['a shredded envelope', shredded],
  ] as const) {
    test(`${what}, and gives it back as it was`, () => {
      expect(metadataToJson(metadataFromJson(json))).toEqual(json)
    })
  }
})

const ofTheWrongType = [null, true, 0, 1.5, '', 'x', [], {}]

describe('metadataFromJson refuses', () => {
  for (const stored of [null, undefined, true, 1, 'text', '{}', [], [wrapped]]) {
    test(`${JSON.stringify(stored)} in place of an object`, async () => {
      expect(await codeOf(() => metadataFromJson(stored))).toBe('ERR_INVALID_ENVELOPE')
    })
  }

  for (const [shape, json] of [
    ['wrapped', wrapped],
    ['shredded', shredded],
  ] as const) {
    for (const member of Object.keys(json)) {
      test(`${shape} metadata without "${member}", or with it of another type`, async () => {
        const altered: Json[] = [
          without(json, member),
          { ...without(json, member), [member.toUpperCase()]: (json as Json)[member] },
          ...ofTheWrongType
            .filter((value) => value !== 'x' || member !== 'shredded')
            .map((value) => ({ ...json, [member]: value })),
        ]
        for (const each of altered) expect(await codeOf(() => metadataFromJson(each))).toBe('ERR_INVALID_ENVELOPE')
      })
    }

    test(`${shape} metadata with one more member`, async () => {
      for (const more of ['extra', 'wraps', 'shredded', 'state', '__proto__'].filter(
        (name) => !(name in json) || name === '__proto__',
      )) {
        const altered = JSON.parse(JSON.stringify(json).replace(/}$/, `,${JSON.stringify(more)}:1}`))
        expect(await codeOf(() => metadataFromJson(altered))).toBe('ERR_INVALID_ENVELOPE')
      }
    })
  }

  for (const member of Object.keys(wrap)) {
    test(`a wrap without "${member}", or with it of another type`, async () => {
      const altered = [without(wrap, member), ...ofTheWrongType.map((value) => ({ ...wrap, [member]: value }))]
      for (const each of altered) {
        expect(await codeOf(() => metadataFromJson({ ...wrapped, wraps: [each] }))).toBe('ERR_INVALID_ENVELOPE')
      }
    })
  }

  for (const member of Object.keys(kek)) {
    test(`a KEK without "${member}", or with it of another type`, async () => {
      const others = ofTheWrongType.filter((value) => typeof value !== 'string')
      const altered = [without(kek, member), ...others.map((value) => ({ ...kek, [member]: value }))]
      for (const each of altered) {
        expect(await codeOf(() => metadataFromJson(withWrap({ kek: each })))).toBe('ERR_INVALID_ENVELOPE')
      }
    })
  }

  for (const [what, json] of [
    ['format 2', { ...wrapped, format: 2 }],
    ['format "1"', { ...wrapped, format: '1' }],
    ['an id too short', { ...wrapped, id: base64url(15) }],
    ['an id too long', { ...wrapped, id: base64url(17) }],
    ['another spelling of an id', { ...wrapped, id: `${'A'.repeat(21)}B` }],
    ['a padded id', { ...wrapped, id: `${'A'.repeat(22)}==` }],
    ['a commitment too short', { ...wrapped, commitment: base64url(31) }],
    ['another spelling of a commitment', { ...wrapped, commitment: `${'A'.repeat(42)}B` }],
    ['wrap 0', { ...wrapped, wrap: 0 }],
    ['a negative wrap', { ...wrapped, wrap: -1 }],
    ['a wrap beyond the safe integers', { ...wrapped, wrap: Number.MAX_SAFE_INTEGER + 1 }],
    ['no wraps', times(0)],
    ['nine wraps', times(9)],
    ['a wrap that is null', { ...wrapped, wraps: [wrap, null] }],
    ['a wrap with one more member', withWrap({ extra: 1 })],
    ['a KEK with one more member', withKek({ region: 'eu-west-1' })],
    ['a wrapped key over 4 KiB', withWrap({ dataKey: base64url(MAX_WRAPPED_KEY_BYTES + 1) })],
    ['another spelling of a wrapped key', withWrap({ dataKey: 'AB' })],
    ['a provider in capitals', withKek({ provider: 'AWS' })],
    ['a provider with a line feed', withKek({ provider: 'aws\n' })],
    ['an empty provider', withKek({ provider: '' })],
    ['a provider of 33 characters', withKek({ provider: 'a'.repeat(33) })],
    ['an empty KEK id', withKek({ id: '' })],
    ['a KEK id with a space', withKek({ id: 'a b' })],
    ['a KEK id with an escape sequence', withKek({ id: '\u001b[31m' })],
    ['a KEK id outside ASCII', withKek({ id: 'kék' })],
    ['a KEK id of 2,049 characters', withKek({ id: 'k'.repeat(2049) })],
    ['a version with a space', withKek({ version: 'v 1' })],
    ['a version of 257 characters', withKek({ version: 'v'.repeat(257) })],
    ['an instant with fractions', withWrap({ wrappedAt: '2026-11-22T21:00:00.000Z' })],
    ['an instant of another zone', withWrap({ wrappedAt: '2026-11-22T21:00:00+00:00' })],
    ['an instant that does not exist', withWrap({ wrappedAt: '2026-02-29T21:00:00Z' })],
    ['hour 24', withWrap({ wrappedAt: '2026-11-22T24:00:00Z' })],
    ['a leap second', withWrap({ wrappedAt: '2016-12-31T23:59:60Z' })],
    ['an empty receipt', { ...shredded, shredded: '' }],
    ['a receipt with a space', { ...shredded, shredded: 'a b' }],
    ['a receipt of 129 characters', { ...shredded, shredded: 'r'.repeat(129) }],
  ] as const) {
    test(what, async () => {
      expect(await codeOf(() => metadataFromJson(json))).toBe('ERR_INVALID_ENVELOPE')
    })
  }

  test('a member that is inherited and not its own', async () => {
    const { wraps, ...rest } = wrapped
    const inheriting = Object.assign(Object.create({ wraps }), rest, { extra: 1 })
    expect(await codeOf(() => metadataFromJson(inheriting))).toBe('ERR_INVALID_ENVELOPE')
  })

  test('naming the member and never its value', () => {
    const read = () => metadataFromJson(withKek({ id: 'not printable: canary' }))
    expect(read).toThrow('"wraps[].kek.id"')
    expect(read).not.toThrow('canary')
  })
})

test('the largest metadata that the bounds of the members allow stays within 64 KiB', () => {
  const members = { provider: 'p'.repeat(32), id: 'k'.repeat(2048), version: 'v'.repeat(256) }
  const largest = { kek: members, dataKey: base64url(MAX_WRAPPED_KEY_BYTES), wrappedAt: wrap.wrappedAt }
  const json = { ...wrapped, wrap: Number.MAX_SAFE_INTEGER, wraps: Array.from({ length: 8 }, () => largest) }
  expect(metadataToJson(metadataFromJson(json))).toEqual(json)
  expect(JSON.stringify(json).length).toBeLessThanOrEqual(MAX_METADATA_BYTES)
})
