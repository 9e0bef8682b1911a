import { randomBytes } from 'node:crypto'
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  connectLocal,
  createPassphraseKeyring,
  generateLocalKey,
  LocalProvider,
} from '../../../../providers/local/index.js'
import { connectCipher, loadConfiguration } from '../../../../src/config/index.js'
import { DataKey, EnvelopeCipher } from '../../../../src/index.js'
import { withEncryption } from '../../../../src/typeorm/index.js'
import { type Scenario, scenarios } from '../scenario.js'
import type { World } from '../world.js'

/** A key of the local provider without its fingerprint, noted as a canary. */
function keyOf({ canaries }: World, text: string): string {
  const key = generateLocalKey().slice(0, 43)
  canaries.bytes(`a KEK as ${text}`, Buffer.from(key, 'base64url'))
  return text.replace('KEY', key)
}

const WRONG_KEYS: Readonly<Record<string, string>> = {
  'no number': 'KEY',
  'no fingerprint': '1:KEY',
  'another fingerprint': '1:KEY.0123456789abcdef',
  'a dot in the key': '1:0.KEY',
  'a character too many': '1:KEYx.0123456789abcdef',
  padding: '1:KEY=.0123456789abcdef',
  'a number too large': '99999999999999999999:KEY',
  'two colons': '1:1:KEY',
  'a key in quotation marks': '"1:KEY"',
  'JSON instead of entries': '{"1":"KEY"}',
  'a URL instead of entries': 'https://example.org/?key=KEY',
}

const wrongKeys = scenarios(
  Object.fromEntries(
    Object.entries(WRONG_KEYS).map(([what, text]): [string, Scenario['run']] => [
      `keys with ${what}`,
      async (world) => new LocalProvider({ keys: keyOf(world, text), currentKey: 1 }),
    ]),
  ),
)

async function withFile(content: string, mode: number, use: (path: string) => Promise<unknown>, name = 'keys') {
  const folder = mkdtempSync(join(tmpdir(), 'waxseal-leaks-'))
  try {
    const path = join(folder, name)
    writeFileSync(path, content)
    chmodSync(path, mode)
    return await use(path)
  } finally {
    rmSync(folder, { recursive: true })
  }
}

const others = scenarios({
  'a key where its name belongs': async (world) => connectLocal({ keysFile: keyOf(world, 'KEY'), currentKey: 1 }),
  'a key as the current key': async (world) => connectLocal({ keys: '1:x', currentKey: keyOf(world, '1:KEY') }),
  'a key as the id': async (world) =>
    new LocalProvider({ keys: { 1: randomBytes(32) }, currentKey: 1, id: keyOf(world, '1:KEY') }),
  'two keys where one is wanted': async (world) =>
    connectLocal({ keys: keyOf(world, '1:KEY'), keysFile: keyOf(world, '1:KEY'), currentKey: 1 }),
  'a file of keys that others may read': (world) =>
    withFile(keyOf(world, '1:KEY'), 0o644, (keysFile) => connectLocal({ keysFile, currentKey: 1 })),
  'a file of keys that is cut off': (world) =>
    withFile(keyOf(world, '1:KEY').slice(0, 30), 0o600, (keysFile) => connectLocal({ keysFile, currentKey: 1 })),
  'a file of keys where a keyring belongs': (world, plaintext) =>
    withFile(keyOf(world, '1:KEY'), 0o600, (keyringFile) =>
      connectLocal({ keyringFile, passphrase: plaintext, currentKey: 1 }),
    ),
  'a wrong passphrase': async (_world, plaintext) => {
    const keyring = await createPassphraseKeyring({ passphrase: `${plaintext} and more` })
    return withFile(keyring, 0o600, (keyringFile) =>
      connectLocal({ keyringFile, passphrase: plaintext, currentKey: 1 }),
    )
  },
  'a passphrase of two lines': async (_world, plaintext) =>
    createPassphraseKeyring({ passphrase: `${plaintext}\n${plaintext}` }),
  'a passphrase that is too weak': async (_world, plaintext) =>
    createPassphraseKeyring({ passphrase: plaintext.slice(0, 12) }),
  'an environment with a variable of nobody': async (world, plaintext) =>
    loadConfiguration({
      environment: { WAXSEAL_PROVIDER: 'local', WAXSEAL_LOCAL_KEY: keyOf(world, '1:KEY'), WAXSEAL_TOKEN: plaintext },
    }),
  'an environment with the values exchanged': async (world, plaintext) =>
    loadConfiguration({
      environment: {
        WAXSEAL_PROVIDER: keyOf(world, '1:KEY'),
        WAXSEAL_ENVIRONMENT: 'change-me',
        DATABASE_URL: plaintext,
      },
    }),
  'a configuration with a password in a wrong URL': async (_world, plaintext) =>
    connectCipher({ configuration: { provider: { name: 'local' }, database: `mysql://u:${plaintext}@h/d` } }),
  'a configuration with a key for a provider': async (world) =>
    connectCipher({ configuration: { provider: keyOf(world, '1:KEY') as never } }),
  'a configuration with an option of nobody': async (world) =>
    connectCipher({ configuration: { provider: { name: 'local', key: keyOf(world, '1:KEY') } } }),
  'a configuration file that is no JSON': (world, plaintext) =>
    withFile(
      `{ "provider": { "name": "local", "keys": "${keyOf(world, '1:KEY')}" ${plaintext}`,
      0o600,
      (file) => connectCipher({ file }),
      'waxseal.config.json',
    ),
  'a configuration file that begins with a secret': (_world, plaintext) =>
    withFile(plaintext, 0o600, (file) => connectCipher({ file }), 'waxseal.config.json'),
  'a configuration in JavaScript that does not parse': (_world, plaintext) =>
    withFile(`export default { ${plaintext} 1 }`, 0o600, (file) => connectCipher({ file }), 'waxseal.config.mjs'),
  'a key for a cipher': async (world) => new EnvelopeCipher({ provider: keyOf(world, '1:KEY') as never }),
  'a key for the cipher of a DataSource': async (world) =>
    withEncryption(Object.create(world.dataSource), { cipher: keyOf(world, '1:KEY') as never }),
  'bytes that are no data key': async ({ canaries }) => {
    const bytes = randomBytes(48)
    canaries.bytes('bytes that are no data key', bytes)
    return DataKey.adopt(Buffer.from(bytes))
  },
})

/** Nothing here needs a database: keys, passphrases and passwords in places and shapes where they are refused. */
export const configurations: readonly Scenario[] = [...wrongKeys, ...others]
