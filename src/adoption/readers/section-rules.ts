import { getHashes } from 'node:crypto'
import { isListOfText, type OptionRule, TEXT, wholeNumberFrom } from '../../kms/options.js'
import { ENCODINGS } from './flagged.js'
import { TYPEORM_ENCRYPTED_ALGORITHMS } from './typeorm-encrypted.js'

type Rules = Readonly<Record<string, OptionRule>>

const oneOf = (words: readonly string[]): OptionRule => [
  (value) => words.includes(value as string),
  `be one of ${words.join(', ')}`,
]

const INSTANT = /^\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d(\.\d+)?)?Z)?$/
const UNTIL: OptionRule = [
  (value) => (value instanceof Date || INSTANT.test(String(value))) && !Number.isNaN(Number(new Date(value as string))),
  'be a Date, or an instant such as 2027-01-31 or 2027-01-31T18:00:00Z',
]
const SECRET: OptionRule = [
  (value) => {
    const [[kind = '', name] = [], ...others] = Object.entries(Object(value))
    return others.length === 0 && ['variable', 'file'].includes(kind) && typeof name === 'string' && name !== ''
  },
  'be { variable } or { file }: where the secret lies, not the secret',
]
const PATH: OptionRule = [
  (value) => isListOfText(value) && (value as []).length > 0,
  'be a list of names such as ["password", "iv"]',
]
const OBJECT: OptionRule = [(value) => typeof value === 'object', 'be an object']

/** What each kind of section holds; all of it is required, but for what `OPTIONAL` names. */
export const SECTION_RULES: Readonly<Record<string, Rules>> = {
  plaintext: { name: TEXT, until: UNTIL },
  'hex-gcm': { name: TEXT, until: UNTIL, key: SECRET },
  'typeorm-encrypted': {
    name: TEXT,
    until: UNTIL,
    key: SECRET,
    algorithm: oneOf(TYPEORM_ENCRYPTED_ALGORITHMS),
    ivLength: wholeNumberFrom(1),
  },
  flagged: {
    name: TEXT,
    until: UNTIL,
    passphrase: SECRET,
    kdf: OBJECT,
    flag: TEXT,
    metadata: TEXT,
    iv: PATH,
    tag: PATH,
    encoding: oneOf(ENCODINGS),
  },
}

export const KDF_RULES: Readonly<Record<string, Rules>> = {
  scrypt: {
    name: TEXT,
    salt: TEXT,
    cost: wholeNumberFrom(2),
    blockSize: wholeNumberFrom(1),
    parallelization: wholeNumberFrom(1),
  },
  pbkdf2: { name: TEXT, salt: TEXT, iterations: wholeNumberFrom(1), digest: oneOf(getHashes()) },
}

export const OPTIONAL: readonly string[] = ['tag', 'cost', 'blockSize', 'parallelization']
