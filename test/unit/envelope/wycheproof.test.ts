import { createCipheriv, createSecretKey } from 'node:crypto'
import { describe, expect, test } from '@jest/globals'
import { decrypt, encrypt } from '../../../src/envelope/aead.js'
import { IV_BYTES, TAG_BYTES } from '../../../src/envelope/format.js'
import { DATA_KEY_BYTES, DataKey } from '../../../src/kms/data-key.js'
import { withSharedData } from '../../setup/shared-data.js'
import { codeOf } from './fixtures.js'

/*
 * Project Wycheproof's AES-GCM set. Its HKDF, key wrap and RSA-OAEP sets do not apply here: format 1 derives no keys
 * (each data key is random) and the core wraps none (a KMS does, under a construction of its own).
 */
interface Case {
  readonly tcId: number
  readonly comment: string
  readonly key: string
  readonly iv: string
  readonly aad: string
  readonly msg: string
  readonly ct: string
  readonly tag: string
  readonly result: 'valid' | 'invalid'
}

interface Group {
  readonly keySize: number
  readonly ivSize: number
  readonly tagSize: number
  readonly tests: readonly Case[]
}

const hex = (text: string) => Buffer.from(text, 'hex')
const storedOf = ({ iv, ct, tag }: Case) => hex(iv + ct + tag)

withSharedData('Wycheproof AES-GCM', 'vectors/wycheproof/aes_gcm_test.json', (content) => {
  const groups = JSON.parse(content).testGroups as readonly Group[]
  const ours = ({ keySize, ivSize, tagSize }: Group) =>
    keySize === DATA_KEY_BYTES * 8 && ivSize === IV_BYTES * 8 && tagSize === TAG_BYTES * 8
  const casesOf = (selected: readonly Group[]) => selected.flatMap(({ tests }) => tests)
  const applicable = casesOf(groups.filter(ours))
  const others = groups.filter((group) => !ours(group))

  describe('Wycheproof AES-GCM', () => {
    test('66 of 316 cases have the lengths of format 1', () => {
      expect(applicable.length).toBe(66)
      expect(casesOf(others).length).toBe(250)
    })

    for (const each of applicable) {
      test(`case ${each.tcId} is ${each.result}${each.comment && `: ${each.comment}`}`, async () => {
        const key = createSecretKey(hex(each.key))
        if (each.result === 'invalid') {
          expect(await codeOf(() => decrypt(key, hex(each.aad), storedOf(each)))).toBe('ERR_DECRYPTION_FAILED')
          return
        }
        expect(decrypt(key, hex(each.aad), storedOf(each)).toString('hex')).toBe(each.msg)
        // Our encryption draws its own IV: under that IV it gives what the platform gives, which for the IV of the case
        // is the case's own ciphertext and tag.
        const fresh = encrypt(key, hex(each.aad), hex(each.msg))
        expect(decrypt(key, hex(each.aad), fresh).toString('hex')).toBe(each.msg)
        expect(fresh.toString('hex')).toBe(platform(each, fresh.subarray(0, IV_BYTES)))
        expect(platform(each, hex(each.iv))).toBe(storedOf(each).toString('hex'))
      })
    }

    test('211 cases with keys of another length are refused by the length of the key', () => {
      const wrongKey = casesOf(others.filter(({ keySize }) => keySize !== DATA_KEY_BYTES * 8))
      for (const { key } of wrongKey) expect(() => DataKey.adopt(hex(key))).toThrow('a data key has 32 bytes')
      expect(wrongKey.length).toBe(211)
    })

    test('39 cases with IVs of another length do not open: a field has room for 12 bytes and no more', async () => {
      const wrongIv = casesOf(others.filter(({ keySize }) => keySize === DATA_KEY_BYTES * 8))
      // The shortest of them stop at the length of the whole, the rest at the tag.
      const tooShort = wrongIv.filter((each) => storedOf(each).length < IV_BYTES + TAG_BYTES)
      for (const each of wrongIv) {
        const key = DataKey.adopt(hex(each.key)).keyObject
        expect(await codeOf(() => decrypt(key, hex(each.aad), storedOf(each)))).toBe('ERR_DECRYPTION_FAILED')
      }
      expect([wrongIv.length, tooShort.length]).toEqual([39, 7])
    })
  })
})

function platform({ key, aad, msg }: Case, iv: Uint8Array): string {
  const cipher = createCipheriv('aes-256-gcm', hex(key), iv, { authTagLength: TAG_BYTES })
  cipher.setAAD(hex(aad))
  const ciphertext = Buffer.concat([cipher.update(hex(msg)), cipher.final()])
  return Buffer.concat([iv, ciphertext, cipher.getAuthTag()]).toString('hex')
}
