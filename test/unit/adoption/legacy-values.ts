import assert from 'node:assert/strict'
import { createCipheriv, createSecretKey, type KeyObject, randomBytes } from 'node:crypto'
import { readLegacy } from '../../../src/adoption/readers/read-legacy.js'
import type { DatedReader, LegacyReader } from '../../../src/postgres/field-adoption.js'

export const TEXT_FIELD = { id: 'credential.password', kind: 'text' } as const
export const UNTIL = new Date('2030-01-01')
export const BEFORE = Date.parse('2029-12-31')

export function legacyKey(): { readonly key: KeyObject; readonly hex: string } {
  const bytes = randomBytes(32)
  return { key: createSecretKey(bytes), hex: bytes.toString('hex') }
}

export function gcmParts(key: KeyObject, plaintext: string, ivBytes = 12) {
  const iv = randomBytes(ivBytes)
  const cipher = createCipheriv('aes-256-gcm', key, iv)
  const ciphertext = Buffer.concat([cipher.update(plaintext, 'utf8'), cipher.final()])
  return { iv, tag: cipher.getAuthTag(), ciphertext }
}

/** As services write it that follow one of the many instructions for `iv:authTag:ciphertext`. */
export function hexGcm(key: KeyObject, plaintext: string, ivBytes?: number): string {
  const { iv, tag, ciphertext } = gcmParts(key, plaintext, ivBytes)
  return [iv, tag, ciphertext].map((part) => part.toString('hex')).join(':')
}

export const keyIs = (key: KeyObject) => () => key

export const dated = (...readers: LegacyReader[]): DatedReader[] => readers.map((reader) => ({ reader, until: UNTIL }))

export function readText(readers: readonly DatedReader[], stored: string, row = {}, now = BEFORE): unknown {
  return readLegacy(TEXT_FIELD, readers, stored, row, now).value
}

/** The message of the refusal, which must be the typed one. */
export function refusal(run: () => unknown): string {
  try {
    run()
  } catch (error) {
    const { code, message } = error as { code?: string; message: string }
    if (code === 'ERR_LEGACY_VALUE') return message
    throw error
  }
  assert.fail('it was read')
}
