import { constants, createHash, createPublicKey, generateKeyPairSync, publicEncrypt, sign, verify } from 'node:crypto'
import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals'
import { AzureProvider } from '../../providers/azure/index.js'
import { DataKey } from '../../src/index.js'
import { canonicalContext } from '../../src/kms/context.js'
import { lengthPrefixed } from '../../src/kms/length-prefixed.js'
import { startTestKms, type TestKmsServer } from '../../src/testing/index.js'
import { type AzureUnderTest, azureUnderTest } from './azure-under-test.js'

const CONTEXT = { tenant: 'a', 'waxseal-row': '1' }
const ES256 = { dsaEncoding: 'ieee-p1363' } as const

let server: TestKmsServer
let underTest: AzureUnderTest

beforeAll(async () => {
  server = await startTestKms('azure')
})
afterAll(() => server.close())
beforeEach(async () => {
  underTest = await azureUnderTest(server)
})

async function publicKeyOf(name: string, version: string) {
  const { key = {} } = await underTest.operator.keys.getKey(name, { version })
  const numbers = Object.entries(key).flatMap(([member, value]) =>
    value instanceof Uint8Array ? [[member, Buffer.from(value).toString('base64url')]] : [],
  )
  const jwk = { ...Object.fromEntries(numbers), kty: key.kty as string, ...(key.crv && { crv: key.crv }) }
  return createPublicKey({ format: 'jwk', key: jwk })
}

/** The parts of stored bytes, by the description of the README alone. */
function partsOf(stored: Uint8Array): Buffer[] {
  const bytes = Buffer.from(stored)
  const parts: Buffer[] = []
  for (let at = 1; at < bytes.length; at += 4 + bytes.readUInt32BE(at)) {
    parts.push(bytes.subarray(at + 4, at + 4 + bytes.readUInt32BE(at)))
  }
  return parts
}

function stored(...parts: readonly (string | Uint8Array)[]): Buffer {
  const bytes = lengthPrefixed(parts, 1)
  bytes[0] = 1
  return bytes
}

/** A wrap that opens at the vault, made by whoever has the public key. */
async function forgedWrap(): Promise<{
  readonly dataKey: DataKey
  readonly wrapped: Buffer
  readonly version: string
}> {
  const { options, operator } = underTest
  const version = (await operator.keys.getKey(options.key)).properties.version as string
  const dataKey = DataKey.generate()
  const hash = createHash('sha256').update(canonicalContext(CONTEXT)).digest()
  const plaintext = dataKey.withBytes((bytes) => Buffer.concat([bytes, hash]))
  const padding = { padding: constants.RSA_PKCS1_OAEP_PADDING, oaepHash: 'sha256' }
  return {
    dataKey,
    version,
    wrapped: publicEncrypt({ key: await publicKeyOf(options.key, version), ...padding }, plaintext),
  }
}

const vendorCalls = () => underTest.control.vendorCalls().filter((call) => call === 'unwrap').length

test('a wrapped data key is what the README says: version and signature of the signing key, wrapped bytes', async () => {
  const { provider, options } = underTest
  const { wrapped } = await provider.generateDataKey(CONTEXT)
  const [version, signature, bytes] = partsOf(wrapped.bytes) as [Buffer, Buffer, Buffer]
  expect([wrapped.bytes[0], version.length, signature.length, bytes.length]).toEqual([1, 32, 64, 256])
  expect(wrapped.bytes).toHaveLength(1 + 3 * 4 + 32 + 64 + 256)
  const statement = lengthPrefixed([
    'waxseal azure wrap 1',
    wrapped.kek.id,
    wrapped.kek.version,
    options.signingKey,
    version,
    bytes,
    canonicalContext(CONTEXT),
  ])
  const key = await publicKeyOf(options.signingKey, version.toString())
  expect(verify('sha256', statement, { key, ...ES256 }, signature)).toBe(true)
})

test('a forged wrap with the public key opens nowhere, and the vault is not asked', async () => {
  const { provider } = underTest
  const { wrapped: genuine } = await provider.generateDataKey(CONTEXT)
  const [version, signature] = partsOf(genuine.bytes) as [Buffer, Buffer]
  const forged = await forgedWrap()
  const kek = { ...genuine.kek, version: forged.version }
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const own = sign('sha256', forged.wrapped, { key: privateKey, ...ES256 })
  const before = vendorCalls()
  for (const bytes of [
    stored('', '', forged.wrapped),
    stored(version, signature, forged.wrapped),
    stored(version, own, forged.wrapped),
    stored(version, '', forged.wrapped),
  ]) {
    await expect(provider.unwrap({ kek, bytes }, CONTEXT)).rejects.toMatchObject({ code: 'ERR_DECRYPTION_FAILED' })
  }
  expect(vendorCalls()).toBe(before)
})

test('without signatures, by an option that says so, a forged wrap opens', async () => {
  const { signingKey: _, ...options } = underTest.options
  expect(() => new AzureProvider(options)).toThrow('signingKey')
  const provider = new AzureProvider({ ...options, unsigned: true })
  const { wrapped, dataKey: own } = await provider.generateDataKey(CONTEXT)
  expect(partsOf(wrapped.bytes).map(({ length }) => length)).toEqual([0, 0, 256])
  expect((await provider.unwrap(wrapped, CONTEXT)).keyObject.equals(own.keyObject)).toBe(true)
  await expect(provider.unwrap(wrapped, { tenant: 'b' })).rejects.toMatchObject({ code: 'ERR_DECRYPTION_FAILED' })

  const { wrapped: bytes, dataKey } = await forgedWrap()
  const opened = await provider.unwrap({ kek: wrapped.kek, bytes: stored('', '', bytes) }, CONTEXT)
  expect(opened.keyObject.equals(dataKey.keyObject)).toBe(true)
  const signed = await underTest.provider.generateDataKey(CONTEXT)
  await expect(provider.unwrap(signed.wrapped, CONTEXT)).rejects.toMatchObject({ code: 'ERR_CONFIGURATION' })
})

test('with both options, unsigned wraps open and rewrapping signs them', async () => {
  const { signingKey: _, ...options } = underTest.options
  const { wrapped, dataKey } = await new AzureProvider({ ...options, unsigned: true }).generateDataKey(CONTEXT)
  const rewrapped = await new AzureProvider({ ...underTest.options, unsigned: true }).rewrap(wrapped, CONTEXT)
  const opened = await underTest.provider.unwrap(rewrapped, CONTEXT)
  expect(opened.keyObject.equals(dataKey.keyObject)).toBe(true)
})

test('a signature outlives a rotation of the signing key, and not the disabling of its version', async () => {
  const { provider, operator, options, clock } = underTest
  const { wrapped } = await provider.generateDataKey(CONTEXT)
  const version = partsOf(wrapped.bytes)[0]?.toString() as string
  await operator.keys.rotateKey(options.signingKey)
  await clock.advance(60_000)
  await provider.unwrap(wrapped, CONTEXT)
  const { wrapped: newer } = await provider.generateDataKey(CONTEXT)
  expect(partsOf(newer.bytes)[0]?.toString()).not.toBe(version)

  await operator.keys.updateKeyProperties(options.signingKey, version, { enabled: false })
  await clock.advance(60_000)
  await expect(provider.unwrap(wrapped, CONTEXT)).rejects.toMatchObject({ code: 'ERR_KEK_UNAVAILABLE' })
  await provider.unwrap(newer, CONTEXT)
})

test('a signing key of another type is refused', async () => {
  const { operator, options } = underTest
  const signingKey = `${options.signingKey}-rsa`
  await operator.keys.createRsaKey(signingKey, { keyOps: ['sign', 'verify'] })
  const provider = new AzureProvider({ ...options, signingKey })
  await expect(provider.generateDataKey(CONTEXT)).rejects.toMatchObject({ code: 'ERR_CONFIGURATION' })
})
