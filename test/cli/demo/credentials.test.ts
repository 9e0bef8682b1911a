import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { readCredentials } from '../../../src/cli/demo/credentials-file.js'
import { generateCredentials } from '../../../src/cli/demo/generated-credentials.js'
import { isWaxsealError } from '../../../src/index.js'
import { canary } from '../../setup/cli.js'

let folder: string
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'waxseal-credentials-'))
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

function read(content: string | Buffer) {
  const file = join(folder, 'credentials.jsonl')
  writeFileSync(file, content)
  return readCredentials(file)
}

async function refusal(content: string | Buffer): Promise<string> {
  const error = await read(content).catch((each: unknown) => each)
  if (!isWaxsealError(error) || error.code !== 'ERR_CONFIGURATION') throw new Error('it was not refused')
  return error.message
}

describe('a file of credentials', () => {
  test('gives what is in it, and what is left out its default', async () => {
    const tenant = '0192F0A0-0000-7000-8000-00000000000A'
    const [full, least] = await read(
      `${JSON.stringify({ shop: 'さくら', kind: 'k', tenant, secret: 's\u0000\n', webhookSecret: 'w', oauth: { a: [1] } })}\r\n\n{"shop":"B","secret":"s"}\n`,
    )
    expect(full).toEqual({
      shop: 'さくら',
      kind: 'k',
      tenantId: tenant.toLowerCase(),
      secret: 's\u0000\n',
      webhookSecret: 'w',
      oauth: { a: [1] },
    })
    expect(least).toMatchObject({ shop: 'B', kind: 'credential', secret: 's', webhookSecret: null, oauth: null })
  })

  test('makes each shop a tenant where none is named', async () => {
    const line = (shop: string) => JSON.stringify({ shop, secret: 's' })
    const [a, b, again] = await read([line('A'), line('B'), line('A')].join('\n'))
    expect(again!.tenantId).toBe(a!.tenantId)
    expect(b!.tenantId).not.toBe(a!.tenantId)
  })

  const secret = canary()
  const bad: [string, string, RegExp][] = [
    [
      'what is not JSON',
      `{"shop": "A", "secret": "${secret}`,
      /line 2: expected a JSON object, found what is not JSON$/,
    ],
    ['a list', `["${secret}"]`, /line 2: the line: expected an object with the members .*, found a list$/],
    ['a bare text', `"${secret}"`, /line 2: the line: expected an object/],
    ['a secret that is empty', '{"shop": "A", "secret": ""}', /line 2: secret: expected text that is not empty/],
    ['no secret', '{"shop": "A"}', /line 2: secret: expected text, found nothing/],
    ['a number', '{"shop": "A", "secret": 4711471147}', /line 2: secret: expected text, found a number$/],
    ['a lone surrogate', '{"shop": "A", "secret": "\\ud800"}', /line 2: secret: expected well-formed Unicode/],
    ['a shop of two lines', `{"shop": "A\\n${secret}", "secret": "s"}`, /line 2: shop: expected 1 to 200 characters/],
    [
      'an unknown member',
      `{"shop": "A", "secret": "s", "${secret}": 1}`,
      /line 2: a member: is unknown; known are shop, /,
    ],
    [
      'a tenant that is no UUID',
      `{"shop": "A", "secret": "s", "tenant": "${secret}"}`,
      /line 2: tenant: expected a UUID/,
    ],
    [
      'tokens that are no object',
      `{"shop": "A", "secret": "s", "oauth": "${secret}"}`,
      /line 2: oauth: expected an object/,
    ],
    [
      'tokens that would change',
      '{"shop": "A", "secret": "s", "oauth": {"a": -0}}',
      /line 2: oauth: expected JSON that reads back/,
    ],
  ]
  for (const [name, line, expected] of bad) {
    test(`with ${name} is refused, by the number of the line and without a value`, async () => {
      const message = await refusal(`{"shop": "A", "secret": "s"}\n${line}\n`)
      expect(message).toMatch(expected)
      expect(message).not.toContain(secret)
      expect(message).not.toContain('4711')
    })
  }

  test('lists its problems, and counts those beyond twenty', async () => {
    const message = await refusal(Array.from({ length: 30 }, () => '{').join('\n'))
    expect(message.match(/line \d+:/g)).toHaveLength(20)
    expect(message).toContain('and 10 more')
  })

  test('without a credential, or of other bytes than UTF-8, or that is not there, is refused', async () => {
    expect(await refusal('\n \n')).toMatch(/expected a credential on each line, found none/)
    expect(await refusal(Buffer.from([0x7b, 0xff]))).toMatch(/expected UTF-8/)
    await expect(readCredentials(join(folder, 'none'))).rejects.toMatchObject({ code: 'ERR_CONFIGURATION' })
  })
})

describe('the made-up set', () => {
  const credentials = generateCredentials(1_000)

  test('has as many as were asked for, no two alike but for shared RSA keys', () => {
    expect(credentials).toHaveLength(1_000)
    expect(new Set(credentials.map(({ secret }) => secret)).size).toBeGreaterThan(900)
  })

  test('has every kind, PEM keys, Unicode and values of 64 KiB among them', () => {
    expect(new Set(credentials.map(({ kind }) => kind)).size).toBe(7)
    const secrets = credentials.map(({ secret }) => secret)
    expect(secrets.some((secret) => secret.startsWith('-----BEGIN PRIVATE KEY-----'))).toBe(true)
    expect(secrets.some((secret) => /\p{Script=Katakana}|\p{Script=Hebrew}|\p{Emoji_Presentation}/u.test(secret))).toBe(
      true,
    )
    expect(secrets.filter((secret) => Buffer.byteLength(secret) === 64 * 1024)).toHaveLength(10)
    expect(credentials.some(({ oauth }) => oauth !== null)).toBe(true)
  })

  test('has tenants of several shops', () => {
    expect(new Set(credentials.map(({ tenantId }) => tenantId)).size).toBe(10)
  })
})
