import { readFile } from 'node:fs/promises'
import { ConfigurationError } from '../../src/errors.js'
import { textOptions } from '../../src/kms/text-options.js'
import { OfflineRecipient } from './recipient.js'

const OPTIONS = ['publicKeyFile', 'confirmationFile'] as const

/** The recipient of a configuration section: `publicKeyFile` and `confirmationFile`. Rejects with `ConfigurationError`. */
export async function connectOffline(section: Readonly<Record<string, unknown>>): Promise<OfflineRecipient> {
  const { publicKeyFile, confirmationFile } = textOptions('offline', section, OPTIONS)
  const publicKey = await textOf('publicKeyFile', publicKeyFile, 'the public half of the recovery key')
  const confirmation = await textOf('confirmationFile', confirmationFile, UNCONFIRMED)
  return new OfflineRecipient({ publicKey, confirmation })
}

const UNCONFIRMED =
  'what "waxseal recovery-key confirm" writes; a key that was never shown to open what it wraps is not used'

async function textOf(option: string, path: string | undefined, what: string): Promise<string> {
  if (path === undefined)
    throw new ConfigurationError(`recipient "offline": the option "${option}" is missing: ${what}`)
  return readFile(path, 'utf8').catch(({ code }: NodeJS.ErrnoException) => {
    throw new ConfigurationError(`recipient "offline": "${option}" names no file that can be read (${code}): ${what}`)
  })
}
