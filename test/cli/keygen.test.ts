import {
  existsSync,
  lstatSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { connectLocal } from '../../providers/local/index.js'
import { canary, waxseal } from '../setup/cli.js'

const KEY = /^[A-Za-z0-9_-]{43}\.[0-9a-f]{16}\n$/
const passphrase = 'seven lamps under a copper bridge'

let folder: string
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'waxseal-keygen-'))
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

test('prints a key that the local provider takes, another each time', async () => {
  const runs = await Promise.all([waxseal(['keygen']), waxseal(['keygen'])])
  for (const { status, stdout, stderr } of runs) {
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
    expect(stdout).toMatch(KEY)
    await expect(connectLocal({ keys: `1:${stdout}`, currentKey: 1 })).resolves.toMatchObject({ name: 'local' })
  }
  expect(runs[0]!.stdout).not.toBe(runs[1]!.stdout)
})

test('prints the key as JSON', async () => {
  const { stdout } = await waxseal(['keygen', '--json'])
  expect(JSON.parse(stdout)).toEqual({ key: expect.stringMatching(/^[A-Za-z0-9_-]{43}\.[0-9a-f]{16}$/) })
})

test('writes a file that only its owner reads, adds keys to it, and never overwrites it', async () => {
  const file = join(folder, 'keys')
  const made = await waxseal(['keygen', '--file', file])
  expect(made).toEqual({ status: 0, stdout: `key 1 written to ${file}\n`, stderr: '' })
  expect(statSync(file).mode & 0o777).toBe(0o600)
  const first = readFileSync(file, 'utf8')
  expect(first).toMatch(/^1:[A-Za-z0-9_-]{43}\.[0-9a-f]{16}\n$/)

  const again = await waxseal(['keygen', '--file', file])
  expect(again.status).toBe(2)
  expect(again.stderr).toMatch(/it exists; add a key to it with --add/)
  expect(readFileSync(file, 'utf8')).toBe(first)

  const added = await waxseal(['keygen', '--file', file, '--add', '--json'])
  expect(JSON.parse(added.stdout)).toEqual({ file, number: 2 })
  expect(readFileSync(file, 'utf8')).toMatch(new RegExp(`^${first}2:[A-Za-z0-9_-]{43}\\.[0-9a-f]{16}\n$`))
  expect(statSync(file).mode & 0o777).toBe(0o600)
  for (const currentKey of [1, 2]) {
    await expect(connectLocal({ keysFile: file, currentKey })).resolves.toMatchObject({ name: 'local' })
  }
})

test('a file that cannot be read as keys is left as it is, and not repeated', async () => {
  const file = join(folder, 'other')
  const secret = canary()
  writeFileSync(file, secret)
  const { status, stdout, stderr } = await waxseal(['keygen', '--file', file, '--add'])
  expect({ status, stdout }).toEqual({ status: 2, stdout: '' })
  expect(stderr).not.toContain(secret)
  expect(readFileSync(file, 'utf8')).toBe(secret)
  expect(readdirSync(folder)).toEqual(expect.not.arrayContaining([expect.stringMatching(/\.new$/)]))
})

test('of several that add a key at once, each adds one or says that it did not: none is lost', async () => {
  const file = join(folder, 'contended')
  await waxseal(['keygen', '--file', file])
  const runs = await Promise.all(
    Array.from({ length: 6 }, () => waxseal(['keygen', '--file', file, '--add', '--json'])),
  )
  const added = runs.filter(({ status }) => status === 0).map(({ stdout }) => JSON.parse(stdout).number as number)
  for (const { status, stderr } of runs) {
    if (status !== 0) expect({ status, stderr }).toEqual({ status: 2, stderr: expect.stringMatching(/is changing it/) })
  }
  expect(added.length).toBeGreaterThan(0)
  expect(added.sort()).toEqual(added.map((_, index) => index + 2))
  const numbers = readFileSync(file, 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => Number(line.split(':')[0]))
  expect(numbers).toEqual([1, ...added])
  expect(existsSync(`${file}.new`)).toBe(false)
})

test('a key is not added while another command adds one, or after one that was killed', async () => {
  const file = join(folder, 'changing')
  await waxseal(['keygen', '--file', file])
  const before = readFileSync(file, 'utf8')
  writeFileSync(`${file}.new`, 'of the other')
  const { status, stderr } = await waxseal(['keygen', '--file', file, '--add'])
  expect(status).toBe(2)
  expect(stderr).toContain(`remove ${file}.new if there is none`)
  expect([readFileSync(file, 'utf8'), readFileSync(`${file}.new`, 'utf8')]).toEqual([before, 'of the other'])
})

test('a symbolic link is neither followed nor replaced', async () => {
  const [file, link, dangling] = [join(folder, 'real'), join(folder, 'link'), join(folder, 'dangling')]
  await waxseal(['keygen', '--file', file])
  const before = readFileSync(file, 'utf8')
  symlinkSync(file, link)
  symlinkSync(join(folder, 'nowhere'), dangling)
  const added = await waxseal(['keygen', '--file', link, '--add'])
  expect(added).toMatchObject({ status: 2, stderr: expect.stringMatching(/it is a symbolic link; name the file/) })
  const made = await waxseal(['keygen', '--file', dangling])
  expect(made).toMatchObject({ status: 2, stderr: expect.stringMatching(/cannot be written \(EEXIST\)/) })
  expect(readFileSync(file, 'utf8')).toBe(before)
  expect(lstatSync(link).isSymbolicLink()).toBe(true)
  expect([`${link}.new`, join(folder, 'nowhere')].map((each) => existsSync(each))).toEqual([false, false])
})

test('makes a keyring from a passphrase on standard input or in the environment, which it does not print', async () => {
  for (const options of [
    { stdin: `${passphrase}\nanother line\n` },
    { env: { WAXSEAL_LOCAL_PASSPHRASE: passphrase } },
  ]) {
    const { status, stdout, stderr } = await waxseal(['keygen', '--passphrase'], options)
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
    expect(stdout).not.toContain(passphrase)
    const keyringFile = join(folder, 'keyring')
    rmSync(keyringFile, { force: true })
    writeFileSync(keyringFile, stdout, { mode: 0o600 })
    await expect(connectLocal({ keyringFile, passphrase, currentKey: 1 })).resolves.toMatchObject({ name: 'local' })
  }
})

test('adds a key to a keyring', async () => {
  const file = join(folder, 'keyring-file')
  await waxseal(['keygen', '--passphrase', '--file', file], { stdin: passphrase })
  const second = 'nine herons beside the iron harbour'
  const { stdout } = await waxseal(['keygen', '--passphrase', '--file', file, '--add'], { stdin: second })
  expect(stdout).toBe(`key 2 written to ${file}\n`)
  const passphrases = `${passphrase}\n${second}`
  const connected = connectLocal({ keyringFile: file, passphrase: passphrases, currentKey: 2 })
  await expect(connected).resolves.toMatchObject({ name: 'local' })
})

test('refuses a weak passphrase, and one that stands among the arguments', async () => {
  const weak = await waxseal(['keygen', '--passphrase'], { stdin: 'tinypass' })
  expect(weak).toMatchObject({ status: 2, stdout: '' })
  expect(weak.stderr).toMatch(/the passphrase must have at least 16 characters/)
  expect(weak.stderr).not.toContain('tinypass')
  const secret = canary()
  for (const args of [['--passphrase', secret], [`--passphrase=${secret}`], [`--pasphrase=${secret}`]]) {
    const { status, stdout, stderr } = await waxseal(['keygen', ...args])
    expect({ status, stdout }).toEqual({ status: 2, stdout: '' })
    expect(stderr).not.toContain(secret)
  }
})

test('refuses --add without a file, and a folder that nobody may write to', async () => {
  expect(await waxseal(['keygen', '--add'])).toMatchObject({
    status: 2,
    stderr: expect.stringMatching(/--add needs --file/),
  })
  const { status, stderr } = await waxseal(['keygen', '--file', join(folder, 'gone', 'keys')])
  expect(status).toBe(2)
  expect(stderr).toMatch(/it cannot be written \(ENOENT\); nothing was changed/)
  expect(existsSync(join(folder, 'gone'))).toBe(false)
})
