/* What no reader of format 1 may read, and the little that it reads although it was altered. */
import { fieldUnderTwoKeys } from './two-keys.js'
import { bound, main, other, shredded, uuid } from './valid.js'
import { aadOf, base64url, fieldOf, hex, kek, makeField, testBytes, textForm, wrap } from './writer.js'

const { id, commitment } = main.metadata

const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'

/** The spellings of `text` that differ in one bit of the last character that no byte uses. */
function otherTails(text) {
  const unused = (text.length * 6) % 8
  const last = alphabet.indexOf(text.at(-1))
  return Array.from({ length: unused }, (_, bit) => text.slice(0, -1) + alphabet[last ^ (1 << bit)])
}

const secret = makeField(main, 'text', 'text', 'correct horse battery staple')
const [prefix, commitmentText, bytesText] = secret.text.split(':')
export const invalidText = [
  ['empty', ''],
  ['plaintext', 'hunter2'],
  ['format 2', secret.text.replace('ws1', 'ws2')],
  ['capitals', secret.text.replace('ws1', 'WS1')],
  ['format 01', secret.text.replace('ws1', 'ws01')],
  ['leading space', ` ${secret.text}`],
  ['trailing line feed', `${secret.text}\n`],
  ['no commitment', `${prefix}:${bytesText}`],
  ['no ciphertext', `${prefix}:${commitmentText}`],
  ['another separator', `${prefix}:${commitmentText}.${bytesText}`],
  ['empty ciphertext', `${prefix}:${commitmentText}:`],
  ['commitment of 42 characters', `${prefix}:${commitmentText.slice(1)}:${bytesText}`],
  ['commitment of 44 characters', `${prefix}:A${commitmentText}:${bytesText}`],
  ['commitment with a foreign character', `${prefix}:*${commitmentText.slice(1)}:${bytesText}`],
  ['ciphertext with a foreign character', `${prefix}:${commitmentText}:*${bytesText.slice(1)}`],
  ['ciphertext with a space', `${prefix}:${commitmentText}:${bytesText.slice(0, 8)} ${bytesText.slice(8)}`],
  ['ciphertext in the base64 alphabet', `${prefix}:${commitmentText}:${Buffer.alloc(30, 0xfb).toString('base64')}`],
  ['ciphertext with padding', `${prefix}:${commitmentText}:${Buffer.alloc(28).toString('base64url')}==`],
  ['ciphertext of one character more', `${prefix}:${commitmentText}:${base64url(Buffer.alloc(30))}A`],
  ['27 bytes: no room for an IV and a tag', `${prefix}:${commitmentText}:${base64url(Buffer.alloc(27))}`],
  ['fourth part', `${secret.text}:`],
  ...otherTails(commitmentText).map((tail, bit) => [
    `unused bit ${bit} of the commitment`,
    `${prefix}:${tail}:${bytesText}`,
  ]),
  ...[28, 29].flatMap((length) =>
    otherTails(base64url(testBytes('ciphertext', length))).map((tail, bit) => [
      `unused bit ${bit} of a ciphertext of ${length} bytes`,
      `${prefix}:${commitmentText}:${tail}`,
    ]),
  ),
].map(([name, text]) => ({ name, text }))

export const invalidBytea = [
  ['empty', Buffer.alloc(0)],
  ['only the format', Buffer.from([1])],
  ['format 0', Buffer.concat([Buffer.from([0]), Buffer.from(secret.bytea, 'hex').subarray(1)])],
  ['format 2', Buffer.concat([Buffer.from([2]), Buffer.from(secret.bytea, 'hex').subarray(1)])],
  ['the text form', Buffer.from(secret.text)],
  ['27 bytes after the commitment', Buffer.concat([Buffer.from([1]), Buffer.alloc(32 + 27)])],
].map(([name, bytes]) => ({ name, bytea: hex(bytes) }))

const [stored] = main.metadata.wraps
const withWrap = (change) => ({ ...main.metadata, wraps: [{ ...stored, ...change }] })
const withKek = (change) => withWrap({ kek: { ...kek, ...change } })
const without = (object, member) => Object.fromEntries(Object.entries(object).filter(([name]) => name !== member))

/** `object` without each of its members, and with each of another type. */
const damaged = (what, object, place) =>
  Object.keys(object).flatMap((member) => [
    [`${what} without ${member}`, place(without(object, member))],
    [`${what} with ${member} null`, place({ ...object, [member]: null })],
    [
      `${what} with ${member} of another type`,
      place({ ...object, [member]: typeof object[member] === 'number' ? '1' : 7 }),
    ],
    [
      `${what} with ${member} under another name`,
      place({ ...without(object, member), [member.toUpperCase()]: object[member] }),
    ],
  ])

export const invalidMetadata = [
  ['null', null],
  ['a list', []],
  ['a string', '{}'],
  ...damaged('wrapped metadata', main.metadata, (json) => json),
  ...damaged('shredded metadata', shredded, (json) => json),
  ...damaged('a wrap', stored, (json) => ({ ...main.metadata, wraps: [json] })),
  ...damaged('a KEK', kek, (json) => withWrap({ kek: json })),
  ['a member more', { ...main.metadata, extra: 1 }],
  ['wraps and shredded at once', { ...main.metadata, shredded: 'receipt' }],
  ['a member more in a wrap', withWrap({ extra: 1 })],
  ['a member more in a KEK', withKek({ region: 'eu' })],
  ['format 2', { ...main.metadata, format: 2 }],
  ['wrap 0', { ...main.metadata, wrap: 0 }],
  ['wrap 1.5', { ...main.metadata, wrap: 1.5 }],
  ['wrap beyond 2^53 - 1', { ...main.metadata, wrap: 2 ** 53 }],
  ['no wraps', { ...main.metadata, wraps: [] }],
  ['nine wraps', { ...main.metadata, wraps: Array(9).fill(stored) }],
  ['a wrap that is null', { ...main.metadata, wraps: [null] }],
  ['id of 15 bytes', { ...main.metadata, id: base64url(Buffer.alloc(15)) }],
  ['id of 17 bytes', { ...main.metadata, id: base64url(Buffer.alloc(17)) }],
  ['id with padding', { ...main.metadata, id: `${id}==` }],
  ['commitment of 31 bytes', { ...main.metadata, commitment: base64url(Buffer.alloc(31)) }],
  ...otherTails(id).map((tail, bit) => [`unused bit ${bit} of the id`, { ...main.metadata, id: tail }]),
  ...otherTails(commitment).map((tail, bit) => [
    `unused bit ${bit} of the commitment`,
    { ...main.metadata, commitment: tail },
  ]),
  ...otherTails(base64url(Buffer.alloc(61))).map((tail, bit) => [
    `unused bit ${bit} of a wrapped key`,
    withWrap({ dataKey: tail }),
  ]),
  ['wrapped key that is empty', withWrap({ dataKey: '' })],
  ['wrapped key of 4,097 bytes', withWrap({ dataKey: base64url(Buffer.alloc(4097)) })],
  ['provider in capitals', withKek({ provider: 'Test' })],
  ['provider that is empty', withKek({ provider: '' })],
  ['provider of 33 characters', withKek({ provider: 'a'.repeat(33) })],
  ['KEK id that is empty', withKek({ id: '' })],
  ['KEK id with a space', withKek({ id: 'a b' })],
  ['KEK id with a line feed at its end', withKek({ id: 'kek\n' })],
  ['KEK id outside ASCII', withKek({ id: 'clé' })],
  ['KEK id of 2,049 characters', withKek({ id: 'k'.repeat(2049) })],
  ['version with a space', withKek({ version: ' ' })],
  ['version of 257 characters', withKek({ version: 'v'.repeat(257) })],
  ['instant with fractions', withWrap({ wrappedAt: '2026-11-22T21:00:00.000Z' })],
  ['instant with an offset', withWrap({ wrappedAt: '2026-11-22T21:00:00+00:00' })],
  ['instant that does not exist', withWrap({ wrappedAt: '2026-02-29T21:00:00Z' })],
  ['instant of hour 24', withWrap({ wrappedAt: '2026-11-22T24:00:00Z' })],
  ['receipt that is empty', { ...shredded, shredded: '' }],
  ['receipt with a space', { ...shredded, shredded: 'a b' }],
  ['receipt of 129 characters', { ...shredded, shredded: 'r'.repeat(129) }],
].map(([name, json]) => ({ name, json }))

const flip = (text, bit = 0) => {
  const bytes = Buffer.from(text, 'base64url')
  bytes[bit >> 3] ^= 0x80 >> (bit & 7)
  return base64url(bytes)
}
const withBytes = (bytes) => `${prefix}:${commitmentText}:${bytes}`
const attempt = (name, change) => {
  const {
    binding = bound,
    metadata = main.metadata,
    field = { id: secret.id, kind: secret.kind },
    text = secret.text,
  } = change
  return { name, binding, metadata, field, text }
}
const length = Buffer.from(bytesText, 'base64url').length
const elsewhere = makeField(other, 'text', 'text', 'the secret of another row').text
const foreignKey = wrap('of another data key', other.dataKeyBytes, main.context)

/** Well-formed, and refused with nothing said about the reason. */
export const doesNotOpen = [
  attempt('first bit of the IV', { text: withBytes(flip(bytesText)) }),
  attempt('last bit of the IV', { text: withBytes(flip(bytesText, 95)) }),
  attempt('first bit of the ciphertext', { text: withBytes(flip(bytesText, 96)) }),
  attempt('first bit of the tag', { text: withBytes(flip(bytesText, (length - 16) * 8)) }),
  attempt('last bit of the tag', { text: withBytes(flip(bytesText, length * 8 - 1)) }),
  attempt('truncated by one byte', { text: withBytes(base64url(Buffer.from(bytesText, 'base64url').subarray(0, -1))) }),
  attempt('a byte appended', {
    text: withBytes(base64url(Buffer.concat([Buffer.from(bytesText, 'base64url'), Buffer.alloc(1)]))),
  }),
  attempt('first bit of the commitment of the field', { text: `${prefix}:${flip(commitmentText)}:${bytesText}` }),
  attempt('foreign commitment in the field', { text: `${prefix}:${base64url(other.commitmentBytes)}:${bytesText}` }),
  attempt('field of another row', { text: elsewhere }),
  attempt('field and metadata of another row', { text: elsewhere, metadata: other.metadata }),
  attempt('metadata of another row', { metadata: other.metadata }),
  attempt('another field', { field: { id: 'credential.other', kind: 'text' } }),
  attempt('another kind of value', { field: { id: secret.id, kind: 'bytes' } }),
  attempt('another entity', { binding: { ...bound, entity: 'account' } }),
  attempt('another row', { binding: { ...bound, row: uuid.replace('3b5a', '3b5b') } }),
  attempt('row not bound', { binding: { entity: bound.entity, context: bound.context } }),
  attempt('another tenant', { binding: { ...bound, context: { tenant: 'tenant-2' } } }),
  attempt('a pair more', { binding: { ...bound, context: { tenant: 'tenant-1', region: 'eu' } } }),
  attempt('a pair less', { binding: { ...bound, context: {} } }),
  attempt('first bit of the envelope id', { metadata: { ...main.metadata, id: flip(id) } }),
  attempt('first bit of the commitment in the metadata', {
    metadata: { ...main.metadata, commitment: flip(commitment) },
  }),
  attempt('first bit of the wrapped key', { metadata: withWrap({ dataKey: flip(stored.dataKey) }) }),
  attempt('wrapped key of another row', { metadata: withWrap({ dataKey: other.metadata.wraps[0].dataKey }) }),
  attempt('another data key, wrapped for this envelope', { metadata: { ...main.metadata, wraps: [foreignKey] } }),
  attempt('KEK of another provider', { metadata: withKek({ provider: 'elsewhere' }) }),
  attempt('another KEK', { metadata: withKek({ id: 'another' }) }),
  attempt('another version of the KEK', { metadata: withKek({ version: '2' }) }),
]

/** Nothing binds these: whoever may change them can only hide when a data key was last wrapped. */
export const stillOpens = [
  attempt('another count of changes', { metadata: { ...main.metadata, wrap: 7 } }),
  attempt('another instant', { metadata: withWrap({ wrappedAt: '1999-12-31T23:59:59Z' }) }),
  attempt('a wrap of a stranger before ours', {
    metadata: {
      ...main.metadata,
      wraps: [
        wrap('stranger', other.dataKeyBytes, main.context, { provider: 'elsewhere', id: 'x', version: '' }),
        stored,
      ],
    },
  }),
]

/** The tag is right and the plaintext is not of its kind: only a faulty writer makes such. */
export const badPlaintext = [
  ['text', '80'],
  ['text', 'eda080'],
  ['text', 'c080'],
  ['text', 'f09f94'],
  ['json', ''],
  ['json', '7b'],
  ['json', 'efbbbf31'],
  ['json', '22ff22'],
].map(([kind, plaintext]) => {
  const field = { name: `${kind} of ${plaintext || 'nothing'}`, id: secret.id, kind }
  const { name, text } = fieldOf(
    main,
    field,
    Buffer.from(plaintext, 'hex'),
    testBytes(`bad plaintext ${kind} ${plaintext}`, 12),
  )
  return attempt(name, { field: { id: field.id, kind }, text })
})

export function twoKeys() {
  const field = { id: 'credential.secret', kind: 'bytes' }
  const iv = testBytes('iv of a field under two keys', 12)
  const sides = [main, other].map((envelope) => ({
    key: envelope.dataKeyBytes,
    aad: aadOf(field, envelope.idBytes, envelope.commitmentBytes, envelope.canonical),
  }))
  const { ciphertext, tag } = fieldUnderTwoKeys(iv, sides, testBytes('ciphertext under two keys', 32))
  const bytes = Buffer.concat([iv, ciphertext, tag])
  return {
    note: 'iv, ciphertext and tag verify under both data keys, each with its own AAD; only the commitment tells which is meant',
    field,
    bytes: hex(bytes),
    opens: [main, other].map((envelope) => ({
      binding: envelope.binding,
      metadata: envelope.metadata,
      text: textForm(envelope.commitmentBytes, bytes),
    })),
    doesNotOpen: [
      { binding: main.binding, metadata: main.metadata, text: textForm(other.commitmentBytes, bytes) },
      { binding: other.binding, metadata: other.metadata, text: textForm(main.commitmentBytes, bytes) },
    ],
  }
}
