import { existsSync } from 'node:fs'
import type { Command } from 'commander'
import { createPassphraseKeyring, generateLocalKey } from '../../providers/local/keygen.js'
import { parseKeys } from '../../providers/local/parse-keys.js'
import { currentEnvironment, passphraseFromEnvironment } from '../config/environment.js'
import { ConfigurationError } from '../errors.js'
import { firstLine, print, printJson, readInput } from './terminal.js'
import { changePrivately, writePrivately } from './write-privately.js'

interface Options {
  readonly file?: string
  readonly add?: true
  readonly passphrase?: true
  readonly json?: true
}

export function define(command: Command): void {
  command
    .option('--file <file>', 'write it to a new file that only you can read')
    .option('--add', 'add it to the file, under the next number, for a rotation')
    .option(
      '--passphrase',
      'a keyring from a passphrase: WAXSEAL_LOCAL_PASSPHRASE, else the first line of standard input',
    )
    .option('--json', 'print JSON')
    .action(keygen)
}

async function keygen({ file, add, passphrase, json }: Options): Promise<void> {
  if (add && file === undefined) throw new ConfigurationError('--add needs --file: the file that gets the key')
  const secret = passphrase && (await passphraseOfUser())
  const make = (existing?: string) => (secret === undefined ? keys(file, existing) : keyring(secret, existing))
  if (file === undefined) {
    const { text } = await make()
    if (json) printJson(passphrase ? JSON.parse(text) : { key: text.trim() })
    else print(text)
    return
  }
  const { number } = await (add ? changePrivately(file, make) : create(file, make))
  if (json) printJson({ file, number })
  else print(`key ${number} written to ${file}\n`)
}

async function create(file: string, make: () => Made | Promise<Made>): Promise<Made> {
  // Keys that were overwritten by mistake are gone, and every row with them.
  if (existsSync(file))
    throw new ConfigurationError(`${file}: it exists; add a key to it with --add, or name another file`)
  const made = await make()
  await writePrivately(file, made.text)
  return made
}

interface Made {
  readonly text: string
  readonly number: number
}

/** Bare for the screen, where the reader chooses the number; with its number for a file. */
function keys(file: string | undefined, existing: string | undefined): Made {
  if (file === undefined) return { text: `${generateLocalKey()}\n`, number: 1 }
  const parsed = existing === undefined ? {} : parseKeys(existing)
  for (const bytes of Object.values(parsed)) bytes.fill(0)
  const number = Math.max(0, ...Object.keys(parsed).map(Number)) + 1
  const before = existing === undefined ? '' : `${existing.trimEnd()}\n`
  return { text: `${before}${number}:${generateLocalKey()}\n`, number }
}

async function keyring(passphrase: string, existing: string | undefined): Promise<Made> {
  const text = await createPassphraseKeyring({ passphrase, ...(existing !== undefined && { keyring: existing }) })
  const { keys: made } = JSON.parse(text) as { keys: readonly { readonly number: number }[] }
  return { text, number: made.at(-1)!.number }
}

async function passphraseOfUser(): Promise<string> {
  return passphraseFromEnvironment(currentEnvironment()) ?? firstLine(await readInput('the passphrase'))
}
