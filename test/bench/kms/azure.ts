import { createHash, createPublicKey, type KeyObject, randomBytes, timingSafeEqual, verify } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { CryptographyClient, KeyClient, type KeyVaultKey } from '@azure/keyvault-keys'
import { canonicalContext } from 'waxseal/kms'
import { connectAzure } from 'waxseal/providers/azure'
import { CONTEXT, type ConnectedVendor, surrounded } from './connected.js'
import type { KmsServer } from './server.js'

/** A call that is as safe as ours wraps a hash of the context too, and signs and verifies what was wrapped. */
export async function connectedAzure({ endpoint, environment }: KmsServer): Promise<ConnectedVendor> {
  const caFile = environment['WAXSEAL_AZURE_CA_FILE']!
  const tokenFile = environment['WAXSEAL_AZURE_TOKEN_FILE']!
  const token = { token: (await readFile(tokenFile, 'utf8')).trim(), expiresOnTimestamp: Date.now() + 3_600_000 }
  const credential = { getToken: async () => token }
  const settings = {
    retryOptions: { maxRetries: 0 },
    disableChallengeResourceVerification: true,
    tlsOptions: { ca: await readFile(caFile, 'utf8') },
  }
  const keys = new KeyClient(endpoint, credential, { ...settings })
  const [kek, signer] = [await keys.createRsaKey('kek', { keySize: 2_048 }), await keys.createEcKey('signer')]
  const provider = surrounded(
    await connectAzure({ vaultUrl: endpoint, key: 'kek', signingKey: 'signer', caFile, tokenFile }),
  )
  const { dataKey, wrapped } = await provider.generateDataKey(CONTEXT)
  const clientOf = (key: KeyVaultKey) => new CryptographyClient(key.id!, credential, { ...settings })
  const [wrapping, signing, publicKey] = [clientOf(kek), clientOf(signer), publicKeyOf(signer)]
  const statementOf = (bytes: Uint8Array) => Buffer.concat([canonicalContext(CONTEXT), bytes])
  const wrap = async (plaintext: Uint8Array) => {
    const bound = Buffer.concat([plaintext, contextHash()])
    const { result } = await wrapping.wrapKey('RSA-OAEP-256', bound, cancellable())
    const digest = createHash('sha256').update(statementOf(result)).digest()
    const { result: signature } = await signing.sign('ES256', digest, cancellable())
    return { bytes: result, signature }
  }
  const own = await wrap(randomBytes(32))
  const unwrapWithoutVerifying = async () => {
    const { result } = await wrapping.unwrapKey('RSA-OAEP-256', own.bytes, cancellable())
    if (!timingSafeEqual(result.subarray(32), contextHash())) throw new Error('of another context')
    return result.subarray(0, 32)
  }
  const unwrap = async () => {
    const key = { key: publicKey, dsaEncoding: 'ieee-p1363' } as const
    if (!verify('sha256', statementOf(own.bytes), key, own.signature)) throw new Error('not signed')
    return unwrapWithoutVerifying()
  }
  return {
    requests: { generateDataKey: 2, wrap: 2, unwrap: 1, rewrap: 3 },
    ...{ provider, dataKey, wrapped },
    besides: [
      {
        id: 'verify',
        title: 'Azure: the signature that both verify in unwrap()',
        over: unwrap,
        base: unwrapWithoutVerifying,
      },
    ],
    bare: {
      generateDataKey: () => wrap(randomBytes(32)),
      wrap: () => dataKey.withBytes(wrap),
      unwrap,
      rewrap: async () => wrap(await unwrap()),
    },
  }
}

const contextHash = () => createHash('sha256').update(canonicalContext(CONTEXT)).digest()

const cancellable = () => ({ abortSignal: new AbortController().signal })

function publicKeyOf({ key }: KeyVaultKey): KeyObject {
  const [x, y] = [key!.x!, key!.y!].map((each) => Buffer.from(each).toString('base64url')) as [string, string]
  return createPublicKey({ format: 'jwk', key: { kty: 'EC', crv: 'P-256', x, y } })
}
