/* What every reader of format 1 reads. */
import { canonicalContext, hex, makeEnvelope, makeField } from './writer.js'

export const uuid = '018f3c2e-7d3a-7cc0-8f00-3b5a0e1f2a3b'
export const orders = ['123', '0', '-9007199254740993']
export const rows = [
  { columns: [uuid], row: uuid },
  { columns: ['-42'], row: '-42' },
  { columns: [''], row: '' },
  { columns: ['["a","b"]'], row: '["a","b"]' },
  { columns: [uuid, '7'], row: JSON.stringify([uuid, '7']) },
  { columns: ['7', uuid], row: JSON.stringify(['7', uuid]) },
  { columns: orders, row: JSON.stringify(orders) },
  { columns: ['a","b', 'c'], row: JSON.stringify(['a","b', 'c']) },
  {
    columns: ['\\ "/\b\t\n\f\r\u0001\u001f\u007f', 'é\u2028🔑'],
    row: '["\\\\ \\"/\\b\\t\\n\\f\\r\\u0001\\u001f\u007f","é\u2028🔑"]',
  },
]

export const contexts = [
  {},
  { a: '' },
  { tenant: 'tenant-1' },
  { b: '1', a: '2', 'a-b': '3', ab: '4', 0: '5', '-': '6' },
  { tenant: 'é', region: '密码 🔑', empty: '' },
  { tenant: '\ufefftenant', 'long-value': 'x'.repeat(300) },
].map((context) => ({ context, canonical: hex(canonicalContext(context)) }))

export const values = [
  ['empty text', 'text', ''],
  ['text', 'text', 'correct horse battery staple'],
  ['text that starts with a byte order mark', 'text', '\ufeffvalue'],
  ['text of every plane', 'text', 'pässwörd 密码 🔑 \u2028 \0 \r\n'],
  ['unnormalised text', 'text', 'e\u0301 is not é'],
  ['text that looks like a stored field', 'text', `ws1:${'A'.repeat(43)}:${'A'.repeat(38)}`],
  ['JSON null', 'json', null],
  ['empty JSON string', 'json', ''],
  ['JSON object', 'json', { access: 'a', scopes: ['r', 'w'], expires: 1.5e21, nested: { n: null, t: true } }],
  ['JSON of Unicode', 'json', { 'clé 🔑': '密码 \ufeff \u2028 \u0001' }],
  ['JSON with a lone surrogate', 'json', 'a \ud800'],
  ['JSON with a member __proto__', 'json', JSON.parse('{"__proto__":{"a":1}}')],
  ['no bytes', 'bytes', ''],
  ['every byte', 'bytes', hex(Uint8Array.from({ length: 256 }, (_, byte) => byte))],
  ['bytes that are no UTF-8', 'bytes', 'eda080'],
]

export const bound = { entity: 'credential', row: uuid, context: { tenant: 'tenant-1' } }
export const main = makeEnvelope('bound row, one pair', bound)
export const other = makeEnvelope('another row of the same tenant', { ...bound, row: uuid.replace('018f', '018e') })
export const envelopes = [
  [main, values.map(([name, kind, value]) => makeField(main, name, kind, value))],
  [other, [makeField(other, 'text', 'text', 'the secret of another row')]],
  ...[
    [
      'row not bound, several pairs',
      { entity: 'credential', context: { tenant: '7', region: 'eu-west-1', 'a-b': '' } },
    ],
    ['composite key, no pair', { entity: 'slot', row: rows[4].row, context: {} }],
    ['integer key', { entity: 'credential', row: '-42', context: {} }],
    ['text key that is empty', { entity: 'credential', row: '', context: {} }],
    ['names and values of Unicode', { entity: 'clé 🔑', row: '密码', context: { tenant: 'é \u2028' } }],
  ].map(([name, binding]) => {
    const envelope = makeEnvelope(name, binding)
    return [envelope, [makeField(envelope, 'text', 'text', name, 'clé.secret')]]
  }),
  ...[2, 8].map((wraps) => {
    const envelope = makeEnvelope(`${wraps} wraps, of which the last is ours`, bound, wraps)
    return [envelope, [makeField(envelope, 'text', 'text', 'behind other wraps')]]
  }),
]

export const shredded = {
  format: 1,
  id: main.metadata.id,
  commitment: main.metadata.commitment,
  shredded: 'receipt-2026-11-22-0001',
}
