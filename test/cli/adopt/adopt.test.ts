import { createHash, randomUUID } from 'node:crypto'
import { afterEach, expect, test } from '@jest/globals'
import { type Adopting, adopting, inHex } from './adopting.js'

let it: Adopting
afterEach(() => it.remove())

const digest = async () => {
  const rows = await it.query('SELECT account::text FROM account ORDER BY id')
  return createHash('sha256').update(JSON.stringify(rows)).digest('hex')
}
const columns = async () =>
  (
    await it.query(
      `SELECT attname FROM pg_attribute WHERE attrelid = 'account'::regclass AND attnum > 0 AND NOT attisdropped ORDER BY attnum`,
    )
  ).map(({ attname }) => attname)
const lastLine = ({ stdout }: { stdout: string }) => stdout.trimEnd().split('\n').at(-1)

test('a table is planned, prepared, encrypted and verified, and each step says what is next', async () => {
  it = await adopting()
  await it.insert('open')
  await it.insert(inHex('hex'))

  const planned = await it.adopt('plan')
  expect(planned).toMatchObject({ status: 0, stderr: '' })
  expect(planned.stdout).toMatch(/account: "public"."account", not prepared/)
  expect(planned.stdout).toMatch(/calls to the KMS: 2 generateDataKey/)
  expect(planned.stdout).toMatch(/1 values by hex-gcm, 1 values by plaintext/)
  expect(await columns()).toEqual(['id', 'password'])

  expect(await it.adopt('prepare')).toMatchObject({
    status: 0,
    stdout: expect.stringMatching(/statements run: prepared/),
  })
  expect(await columns()).toEqual(['id', 'password', 'encryption_metadata', 'password_encrypted'])
  expect(await it.adopt('prepare')).toMatchObject({ status: 0, stdout: expect.stringMatching(/was prepared before/) })

  const alone = await it.adopt('run')
  expect(alone).toMatchObject({ status: 1, stdout: expect.stringMatching(/expected at least 1 in the fleet/) })
  await it.join('adopt-read')
  const ran = await it.adopt('run')
  expect(ran).toMatchObject({
    status: 0,
    stdout: expect.stringMatching(/✓ account: 2 encrypted\n {2}→ waxseal adopt verify/),
  })
  expect(await it.adopt('run')).toMatchObject({ status: 0, stdout: expect.stringMatching(/✓ account: nothing to do/) })
  expect(await it.adopt('verify')).toMatchObject({ status: 0, stdout: expect.stringMatching(/✓ account: 2 verified/) })
})

test('it is enforced once nobody writes plaintext, and cleaned once nobody declares the adoption', async () => {
  it = await adopting()
  await it.adopt('prepare')
  const reader = await it.join('adopt-read')
  const early = await it.adopt('enforce')
  expect(early).toMatchObject({
    status: 1,
    stdout: expect.stringMatching(/is in adopt-read, expected adopt-write or enforce/),
  })
  await reader.leave()
  const writer = await it.join('adopt-write')
  await it.insert('late')
  expect(await it.adopt('enforce')).toMatchObject({
    status: 1,
    stdout: expect.stringMatching(/1 rows have plaintext and no envelope/),
  })
  await it.adopt('run')
  expect(await it.adopt('enforce')).toMatchObject({
    status: 0,
    stdout: expect.stringMatching(/the full guard is in place\n {2}the source "password" may be null/),
  })
  await writer.leave()
  await it.join('enforce')

  expect(await it.adopt('clean', '--yes', '--entity', 'account')).toMatchObject({
    status: 2,
    stderr: expect.stringMatching(/still declares "adopt"/),
  })
  it.undeclare()
  expect(await it.adopt('clean', '--entity', 'account')).toMatchObject({
    status: 2,
    stderr: expect.stringMatching(/--yes/),
  })
  const cleaned = await it.adopt('clean', '--yes', '--entity', 'account')
  expect(cleaned).toMatchObject({
    status: 0,
    stdout: expect.stringMatching(/the column "password" is dropped[\s\S]*WAL/),
  })
  expect(await columns()).toEqual(['id', 'encryption_metadata', 'password_encrypted'])
  expect(await it.adopt('clean', '--yes', '--entity', 'account')).toMatchObject({ status: 0 })
})

test('rollback restores the table, byte by byte, also after enforce', async () => {
  it = await adopting()
  await it.insert('open')
  await it.insert(inHex('hex'))
  await it.adopt('prepare')
  const before = await digest()
  const writer = await it.join('adopt-write')
  await it.adopt('run')
  await it.adopt('enforce')
  expect(await it.adopt('rollback')).toMatchObject({ status: 2, stderr: expect.stringMatching(/--yes/) })
  const dry = await it.adopt('rollback', '--dry-run')
  expect(dry).toMatchObject({ status: 0, stdout: expect.stringMatching(/2 verified/) })
  expect(await it.adopt('rollback', '--yes')).toMatchObject({
    status: 1,
    stdout: expect.stringMatching(/is in adopt-write, expected adopt-read/),
  })
  await writer.leave()
  await it.join('adopt-read')
  expect(await it.adopt('rollback', '--yes')).toMatchObject({ status: 0, stdout: expect.stringMatching(/2 decrypted/) })
  expect(await digest()).toBe(before)
  expect(await it.adopt('rollback', '--yes')).toMatchObject({
    status: 0,
    stdout: expect.stringMatching(/nothing to do/),
  })
  // The guard is that of the adoption: plaintext may be written again.
  await it.insert('again')
})

test('in place: values are overwritten, and clean closes the way back', async () => {
  it = await adopting('inPlace')
  await it.insert('open')
  await it.adopt('prepare')
  const writer = await it.join('adopt-write')
  await it.adopt('run')
  const [row] = await it.query('SELECT password FROM account')
  expect(row!.password).toMatch(/^ws1:/)
  expect(await it.adopt('enforce')).toMatchObject({ status: 0 })
  await writer.leave()
  await it.join('enforce')
  it.undeclare()
  expect(await it.adopt('clean', '--yes', '--entity', 'account')).toMatchObject({ status: 0 })
  const [statistics] = await it.query(
    `SELECT count(*)::int AS n FROM pg_stats WHERE tablename = 'account' AND attname = 'password' AND (most_common_vals::text LIKE '%open%' OR histogram_bounds::text LIKE '%open%')`,
  )
  expect(statistics).toEqual({ n: 0 })
})

test('dry runs change nothing, and say which rows no reader reads', async () => {
  it = await adopting()
  await it.insert('open')
  const altered = await it.insert(inHex('hex').replace(/.$/, (last) => (last === '0' ? '1' : '0')))
  const before = await digest()
  const dry = await it.adopt('prepare', '--dry-run')
  expect(dry.stdout).toMatch(
    /^ALTER TABLE "public"."account" ADD COLUMN IF NOT EXISTS "encryption_metadata" jsonb NOT NULL DEFAULT '\{\}'/,
  )
  expect(await columns()).toEqual(['id', 'password'])
  const planned = await it.adopt('plan')
  expect(planned).toMatchObject({ status: 1, stdout: expect.stringContaining(`${altered}: field "account.password"`) })
  const quiet = await it.adopt('run', '--dry-run')
  expect(quiet).toMatchObject({ status: 1, stdout: expect.stringMatching(/1 ambiguous/) })
  expect(quiet.stdout).not.toContain(altered)
  expect((await it.adopt('run', '--dry-run', '--verbose')).stdout).toContain(altered)
  expect((await it.adopt('run', '--verbose')).status).toBe(2)
  expect(await digest()).toBe(before)
})

test('a session that belongs to no process of the fleet stops a run, unless it is known', async () => {
  it = await adopting()
  await it.insert('open')
  await it.adopt('prepare')
  await it.join('adopt-read')
  const [role, password] = [`reporting_${randomUUID()}`, randomUUID()]
  await it.query(`CREATE ROLE "${role}" LOGIN PASSWORD '${password}'`)
  const { Client } = (await import('pg')).default
  const url = new URL(it.database.url)
  url.username = role
  url.password = password
  const other = new Client({ connectionString: url.href, application_name: 'reports' })
  await other.connect()
  try {
    const refused = await it.adopt('run')
    expect(refused).toMatchObject({
      status: 1,
      stdout: expect.stringMatching(/the role reporting_\S+ with "reports"/),
    })
    expect(await it.adopt('run', '--processes', '2')).toMatchObject({
      status: 1,
      stdout: expect.stringMatching(/expected at least 2 in the fleet .*found 1/),
    })
    expect(await it.adopt('run', '--ignore-session', 'reports')).toMatchObject({ status: 0 })
  } finally {
    await other.end()
    await it.query(`DROP ROLE "${role}"`)
  }
})

test('JSON for scripts', async () => {
  it = await adopting()
  await it.insert('open')
  const parsed = async (...args: string[]) => JSON.parse(lastLine(await it.adopt(...args, '--json')) ?? '')
  expect(JSON.parse((await it.adopt('plan', '--json')).stdout)).toMatchObject({
    tables: [{ entity: 'account', stage: 'not prepared' }],
  })
  expect(JSON.parse((await it.adopt('prepare', '--json')).stdout)).toMatchObject({
    dryRun: false,
    tables: [{ entity: 'account' }],
  })
  expect(JSON.parse((await it.adopt('run', '--dry-run', '--json')).stdout)).toMatchObject({
    tables: [{ rows: 1, ambiguous: 0 }],
  })
  await it.join('adopt-write')
  expect(await parsed('run')).toMatchObject({
    type: 'reports',
    reports: [{ state: 'finished', counts: { encrypted: 1 } }],
  })
  expect(JSON.parse((await it.adopt('enforce', '--json')).stdout)).toMatchObject({ tables: [{ objections: [] }] })
})

test('what is in the way of prepare is listed, each with what to do', async () => {
  it = await adopting('inPlace')
  await it.query(`ALTER TABLE account ALTER COLUMN password TYPE varchar(64), ADD COLUMN encryption_metadata json`)
  const { status, stderr } = await it.adopt('prepare')
  expect(status).toBe(2)
  expect(stderr).toMatch(/"encryption_metadata" is json and belongs to something else: leave it to that/)
  expect(stderr).toMatch(/"password" is character varying\(64\), in which no ciphertext has room: adopt it beside/)
})
