import { readFile } from 'node:fs/promises'
import { ConfigurationError } from '../../src/errors.js'
import { readPrivateFile } from '../../src/kms/private-file.js'
import { textOptions } from '../../src/kms/text-options.js'
import { type Upkeep, unrecordedUpkeep } from '../../src/kms/upkeep.js'
import { VaultHttpClient } from './client.js'
import { VaultLogin } from './login.js'
import { VaultProvider, type VaultProviderOptions } from './provider.js'
import { appRole, givenToken, type TokenSource } from './token-source.js'

const OPTIONS = [
  'address',
  'key',
  'previousKeys',
  'namespace',
  'caFile',
  'token',
  'tokenFile',
  'roleId',
  'secretId',
  'secretIdFile',
  'appRoleMount',
] as const
type Section = Readonly<Partial<Record<(typeof OPTIONS)[number], string>>>

/**
 * The provider of a configuration section, every value a string: `address`, `key`, one of `token`, `tokenFile` and `roleId`
 * with `secretId` or `secretIdFile`, and optionally `previousKeys` (separated by commas), `namespace`, `caFile`,
 * `appRoleMount`. Renewals of its token go through `upkeep`. Makes no call. Rejects with `ConfigurationError`, which never repeats a secret.
 */
export async function connectVault(
  section: Readonly<Record<string, unknown>>,
  upkeep?: Upkeep,
): Promise<VaultProvider> {
  return new VaultProvider(await connectVaultClient(section, upkeep))
}

/** For what ends with one attempt: nothing is sent in the background of it, and a login that comes to its end is made anew. */
export const withoutUpkeep: Upkeep = () => Promise.reject(new Error('nothing is sent in the background of one attempt'))

/** What `connectVault` gives the provider. */
export async function connectVaultClient(
  section: Readonly<Record<string, unknown>>,
  upkeep: Upkeep = unrecordedUpkeep,
): Promise<VaultProviderOptions> {
  const options = textOptions('vault', section, OPTIONS)
  const { address, key, namespace, caFile } = options
  if (address === undefined) throw missing('address', 'a URL such as https://vault.example.com:8200')
  if (key === undefined) throw missing('key', '<mount>/<key>, such as transit/waxseal')
  const source = tokenSourceOf(options)
  const ca = caFile === undefined ? undefined : await readCertificates(caFile)
  const client = new VaultHttpClient({
    address,
    ...(namespace !== undefined && { namespace }),
    ...(ca !== undefined && { ca }),
  })
  const previousKeys = (options.previousKeys ?? '').split(',').flatMap((each) => each.trim() || [])
  return { client, login: new VaultLogin(client, source, upkeep), key, previousKeys }
}

function tokenSourceOf(options: Section): TokenSource {
  const { token, tokenFile, roleId, secretId, secretIdFile, appRoleMount } = options
  exactlyOne(options, ['token', 'tokenFile', 'roleId'])
  if (roleId !== undefined) {
    exactlyOne(options, ['secretId', 'secretIdFile'])
    const read = async () => ({ roleId, secretId: secretId ?? (await readSecret('secretIdFile', secretIdFile!)) })
    return appRole(read, appRoleMount)
  }
  for (const name of ['secretId', 'secretIdFile', 'appRoleMount'] as const) {
    if (options[name] !== undefined) throw refused(`"${name}" is of use with "roleId" only`)
  }
  if (token !== undefined) return givenToken(async () => token, false)
  return givenToken(() => readSecret('tokenFile', tokenFile!), true)
}

/** Read at each login: whoever issues secrets replaces the file. */
async function readSecret(option: string, path: string): Promise<string> {
  const text = (await readPrivateFile('provider "vault"', option, path)).trim()
  if (/^[!-~]+$/.test(text)) return text
  throw refused(`the file of "${option}" must hold one line`)
}

async function readCertificates(path: string): Promise<string> {
  const text = await readFile(path, 'utf8').catch(({ code }: NodeJS.ErrnoException) => {
    throw refused(`the option "caFile" names no file that can be read (${code}); expected certificates in PEM`)
  })
  if (text.includes('-----BEGIN CERTIFICATE-----')) return text
  throw refused('the file of "caFile" holds no certificate; expected PEM')
}

function exactlyOne(options: Section, names: readonly (keyof Section)[]): void {
  const found = names.filter((name) => options[name] !== undefined)
  if (found.length === 1) return
  throw refused(`expected exactly one of the options ${names.join(', ')}, found ${found.join(', ') || 'none'}`)
}

function missing(option: string, expected: string): ConfigurationError {
  return refused(`the option "${option}" is missing: ${expected}`)
}

function refused(problem: string): ConfigurationError {
  return new ConfigurationError(`provider "vault": ${problem}`)
}
