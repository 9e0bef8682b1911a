/*
 * Writes the frozen vectors of format 1 to stdout:
 *
 *   node test/vectors/generate.js > test/vectors/format-1.json
 */
import {
  badPlaintext,
  doesNotOpen,
  invalidBytea,
  invalidMetadata,
  invalidText,
  stillOpens,
  twoKeys,
} from './refused.js'
import { contexts, envelopes, rows, shredded } from './valid.js'
import { hex, kek, kekBytes } from './writer.js'

const publicParts = ([envelope, fields]) => ({
  name: envelope.name,
  binding: envelope.binding,
  id: hex(envelope.idBytes),
  dataKey: hex(envelope.dataKeyBytes),
  commitment: hex(envelope.commitmentBytes),
  encryptionContext: envelope.context,
  canonicalContext: hex(envelope.canonical),
  metadata: envelope.metadata,
  fields,
})

const file = {
  note: 'Frozen vectors of waxseal format 1; docs/format.md says how to use them. TEST MATERIAL: every key in this file is public.',
  format: 1,
  kek: {
    ...kek,
    key: hex(kekBytes),
    wrapped: 'iv (12) ‖ AES-256-GCM ciphertext (32) ‖ tag (16), with the canonical context as AAD',
  },
  rows,
  contexts,
  envelopes: envelopes.map(publicParts),
  otherMetadata: [
    { name: 'empty', state: 'empty', json: {} },
    { name: 'shredded', state: 'shredded', json: shredded },
  ],
  stillOpens,
  twoKeys: twoKeys(),
  invalid: { text: invalidText, bytea: invalidBytea, metadata: invalidMetadata, plaintext: badPlaintext },
  doesNotOpen,
}

process.stdout.write(`${JSON.stringify(file, null, 1)}\n`)
