import type { SourceFile } from './files.js'

/** One concept, one word: what must not be written, where that holds, and what to write. */
interface BannedWord {
  /** Over words in small letters with one space between them; `masterKey`, `master-key` and `MASTER_KEY` all read `master key`. */
  readonly pattern: RegExp
  readonly instead: string
  /** Only in these places; everywhere if absent. */
  readonly within?: RegExp
}

const BANNED: readonly BannedWord[] = [
  { pattern: /\bmaster keys?\b/, instead: 'KEK' },
  { pattern: /\b(dek|cek)s?\b/, instead: 'data key' },
  { pattern: /\b(un)?sealed\b|\bunseal(s|ing)?\b/, instead: 'encrypted, wrapped or stored' },
  { pattern: /\bclear ?text\b/, instead: 'plaintext' },
  { pattern: /\bblobs?\b/, instead: 'bytes, ciphertext or wrapped data key' },
  { pattern: /\b(primary|default) keks?\b/, instead: 'current KEK' },
  { pattern: /\bre ?encrypt(s|ed|ing|ion)?\b/, instead: 'rewrap (a data key) or renew (new data keys)' },
  { pattern: /\b(kms|kek|key|provider|aws|gcp|azure|vault) (driver|adapter|backend)s?\b/, instead: 'provider' },
  { pattern: /\b(driver|adapter|backend)s?\b/, within: /^(src\/(kms|envelope)|providers)\//, instead: 'provider' },
]

/** Words of others, quoted where we speak to them; and the page that says which words we do without. */
const ALLOWED: readonly { readonly within: RegExp; readonly word: RegExp }[] = [
  { within: /^docs\/glossary\.md$/, word: /./ },
  // The KEK of this provider lies in a file or in the environment, which is what people look for by this name.
  { within: /^providers\/local\/README\.md$/, word: /^master keys?$/ },
  // `CiphertextBlob` and `ReEncrypt` of AWS KMS; a sealed Vault.
  { within: /^(providers|src\/testing\/servers)\/aws\//, word: /^(blobs?|re ?encrypt.*)$/ },
  // Azure's storage and its reader of the trail.
  { within: /^(providers|src\/testing\/servers)\/azure\//, word: /^blobs?$/ },
  { within: /^(providers|src\/testing\/servers)\/vault\//, word: /^(un)?seal/ },
]

export function vocabularyProblems({ path, text }: SourceFile): string[] {
  const words = wordsOf(text)
  return BANNED.filter(({ within }) => within?.test(path) ?? true).flatMap(({ pattern, instead }) => {
    return [...words.matchAll(new RegExp(pattern, 'g'))]
      .filter(([word]) => !ALLOWED.some((allowed) => allowed.within.test(path) && allowed.word.test(word)))
      .map(
        ({ 0: word, index }) =>
          `${path} says "${word}" (…${around(words, index)}…): write ${instead}; see docs/glossary.md`,
      )
  })
}

/** Identifiers taken apart, comments joined over their lines, one space between words. */
function wordsOf(text: string): string {
  return text
    .replace(/([a-z0-9])([A-Z])/g, '$1 $2')
    .replace(/([A-Z]+)([A-Z][a-z])/g, '$1 $2')
    .replace(/\n\s*(\*|\/\/|>|#|--)*\s*/g, ' ')
    .replace(/[\s_-]+/g, ' ')
    .toLowerCase()
}

function around(words: string, index: number): string {
  return words.slice(Math.max(0, index - 25), index + 40)
}
