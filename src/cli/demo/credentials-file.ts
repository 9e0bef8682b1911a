import { randomUUID } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { z } from 'zod'
import { expecting, problemsOf, strict } from '../../config/problems.js'
import { encodeValue } from '../../envelope/field-value.js'
import { ConfigurationError } from '../../errors.js'
import type { Credential } from './credential.js'

/** The name of a shop or of a kind stands in the open beside the ciphertexts, so it is held to one printable line. */
const label = z
  .string(expecting('text'))
  .refine((text) => /^[^\p{Cc}\p{Cs}]{1,200}$/u.test(text), expecting('1 to 200 characters of text on one line'))
const secret = z
  .string(expecting('text'))
  .min(1, expecting('text that is not empty'))
  .refine((text) => text.isWellFormed(), expecting('well-formed Unicode, without lone surrogates'))
const tokens = z
  .custom<Record<string, unknown>>(isObject, expecting('an object'))
  .refine(isStorable, expecting('JSON that reads back as it was written (no -0, no lone surrogates)'))

const line = strict({
  shop: label,
  kind: label.default('credential'),
  tenant: z.uuid(expecting('a UUID')).toLowerCase().optional(),
  secret,
  webhookSecret: secret.nullable().default(null),
  oauth: tokens.nullable().default(null),
})

/**
 * Reads one credential per line: `{"shop": …, "secret": …}`, optionally with `kind`, `tenant` (a UUID; otherwise each shop
 * is a tenant), `webhookSecret` and `oauth`.
 *
 * Rejects with a `ConfigurationError` that names every bad line and what is wrong with it, never a value: they are secrets,
 * also where they stand in the wrong member.
 */
export async function readCredentials(file: string): Promise<Credential[]> {
  const bytes = await readFile(file).catch((cause: NodeJS.ErrnoException) => {
    throw new ConfigurationError(`${file}: it cannot be read (${cause.code})`)
  })
  const problems: string[] = []
  const tenants = new Map<string, string>()
  const credentials = linesOf(file, bytes).flatMap(({ number, text }) => {
    const parsed = parseLine(text)
    problems.push(...parsed.problems.map((problem) => `${file}: line ${number}: ${problem}`))
    if (!parsed.value) return []
    const { tenant, ...credential } = parsed.value
    const tenantId = tenant ?? tenants.get(credential.shop) ?? randomUUID()
    tenants.set(credential.shop, tenantId)
    return [{ tenantId, ...credential }]
  })
  if (problems.length > 0) throw new ConfigurationError(listed(problems))
  if (credentials.length === 0) throw new ConfigurationError(`${file}: expected a credential on each line, found none`)
  return credentials
}

function linesOf(file: string, bytes: Buffer): { number: number; text: string }[] {
  let text: string
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    throw new ConfigurationError(`${file}: expected UTF-8, found other bytes`)
  }
  return text
    .split(/\r?\n/)
    .map((each, index) => ({ number: index + 1, text: each }))
    .filter((each) => each.text.trim() !== '')
}

function parseLine(text: string): { value?: z.output<typeof line>; problems: readonly string[] } {
  let input: unknown
  try {
    input = JSON.parse(text)
  } catch {
    // Not the error's message: it quotes the line.
    return { problems: ['expected a JSON object, found what is not JSON'] }
  }
  const parsed = line.safeParse(input)
  if (parsed.success) return { value: parsed.data, problems: [] }
  const name = ([first]: readonly PropertyKey[]) => (first === undefined ? 'the line' : String(first))
  return {
    problems: problemsOf(parsed.error, input, name).map(({ path, expected, found }) => describe(path, expected, found)),
  }
}

/** An unknown member is not named: in a hand-made file it can be a secret that lost its name. */
function describe(path: string, expected: string, found: string): string {
  const said = expected.replace('no such option', 'is unknown')
  const what = Object.hasOwn(line.shape, path) || path === 'the line' ? path : 'a member'
  return `${what}: ${said}${found && `, found ${found}`}`
}

const SHOWN = 20

function listed(problems: readonly string[]): string {
  const more = problems.length > SHOWN ? [`and ${problems.length - SHOWN} more`] : []
  return [...problems.slice(0, SHOWN), ...more].join('\n  ')
}

function isObject(value: unknown): boolean {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function isStorable(value: unknown): boolean {
  try {
    encodeValue({ id: 'oauth', kind: 'json' }, value).fill(0)
    return true
  } catch {
    return false
  }
}
