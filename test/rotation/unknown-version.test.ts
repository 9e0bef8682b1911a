import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { EnvelopeCipher, type KmsProvider, metadataToJson } from '../../src/index.js'
import { bindingOf } from '../../src/postgres/index.js'
import { FaultyProvider } from '../../src/testing/index.js'
import { nothing, Rotating } from './rotating.js'

let r: Rotating
beforeAll(async () => {
  r = await Rotating.create()
})
afterAll(() => r.drop())

/** A KMS that does not tell which version it has used. */
function silent(inner: FaultyProvider): KmsProvider {
  const hide = <T extends { kek: { provider: string; id: string; version: string } }>(wrapped: T): T => {
    return { ...wrapped, kek: { ...wrapped.kek, version: '' } }
  }
  const show = <T extends { kek: { provider: string; id: string; version: string } }>(wrapped: T): T => {
    return { ...wrapped, kek: { ...wrapped.kek, version: inner.kms.currentVersion } }
  }
  return {
    name: inner.name,
    currentKek: async (context, options) => hide({ kek: await inner.currentKek(context, options) }).kek,
    async generateDataKey(context, options) {
      const { dataKey, wrapped } = await inner.generateDataKey(context, options)
      return { dataKey, wrapped: hide(wrapped) }
    },
    wrap: async (dataKey, context, options) => hide(await inner.wrap(dataKey, context, options)),
    unwrap: (wrapped, context, options) => inner.unwrap(show(wrapped), context, options),
    rewrap: async (wrapped, context, options) => hide(await inner.rewrap(show(wrapped), context, options)),
  }
}

test('rows under a version that the KMS does not tell are each wrapped anew once in a run, in each run', async () => {
  // Of a time when no run had begun: what was wrapped since its start is done.
  const clock = { now: () => Date.parse('2026-01-01T00:00:00Z'), after: () => () => undefined }
  const provider = silent(r.credentials.provider)
  const former = new EnvelopeCipher({ provider, clock })
  const ids = [randomUUID(), randomUUID(), randomUUID(), randomUUID()]
  for (const id of ids) {
    const envelope = await former.mint(bindingOf(r.credentials.table, { id, tenant_id: 'acme' }))
    const password = r.credentials.encrypt(envelope, 'password', id)
    await r.credentials.insertStored(id, 'acme', [password], metadataToJson(envelope.metadata))
  }
  // These leave their set, so that there is a second pass.
  await r.insert(2)
  const cipher = new EnvelopeCipher({ provider })
  const wraps = async () => {
    const { rows } = await r.credentials.query(`SELECT encryption_metadata -> 'wrap' AS wrap FROM {table}`)
    return rows.map(({ wrap }) => wrap).sort()
  }
  expect(await r.rotate({ cipher })).toMatchObject({ ...nothing, rewrapped: 6, compared: 6 })
  expect(r.events.filter(({ type }) => type === 'pass')).toHaveLength(2)
  expect(await wraps()).toEqual([2, 2, 2, 2, 2, 2])
})
