import { expect, test } from '@jest/globals'
import { awsAccess } from '../../providers/aws/access.js'
import { waxseal } from '../setup/cli.js'

const key = 'arn:aws:kms:eu-central-1:111122223333:key/01234567-89ab-cdef-0123-456789abcdef'
const ARGS = ['policy', 'aws', '--role', 'writer', '--key', key]
const policy = (further: object = {}) => awsAccess.policy({ role: 'writer', key, entities: [], ...further })

test('prints the policy alone, and what it is beside it', async () => {
  const [document] = policy()
  expect(await waxseal(ARGS)).toEqual({ status: 0, stdout: document!.text, stderr: `${document!.title}\n` })
})

test('--entity binds it to these entities', async () => {
  const { stdout } = await waxseal([...ARGS, '--entity', 'credential', 'token'])
  expect(stdout).toBe(policy({ entities: ['credential', 'token'] })[0]!.text)
})

test('--format is the language', async () => {
  const { stdout } = await waxseal([...ARGS, '--format', 'terraform'])
  expect(stdout).toBe(policy({ format: 'terraform' })[0]!.text)
})

test('--principal is who gets it, where the KMS names him in the policy', async () => {
  const name = 'projects/acme/locations/europe-west1/keyRings/credentials/cryptoKeys/kek'
  const args = ['policy', 'gcp', '--role', 'reader', '--key', name, '--principal', 'user:a@example.org']
  expect((await waxseal(args)).stdout).toContain("--member='user:a@example.org'")
})

test('--json prints title and text of each', async () => {
  expect(JSON.parse((await waxseal([...ARGS, '--json'])).stdout)).toEqual(policy())
})

test.each([
  ['a provider that there is not', ['policy', 'other', '--role', 'writer', '--key', key], /Allowed choices are aws/],
  ['a role that there is not', ['policy', 'aws', '--role', 'owner', '--key', key], /writer, reader, rotator, auditor/],
  ['no key', ['policy', 'aws', '--role', 'writer'], /--key/],
  ['a key that is no ARN', ['policy', 'aws', '--role', 'writer', '--key', 'alias/a'], /names a key by its ARN/],
  ['a language that there is not', [...ARGS, '--format', 'xml'], /expected one of iam, terraform/],
])('%s is refused', async (_, args, message) => {
  const { status, stdout, stderr } = await waxseal(args)
  expect(status).not.toBe(0)
  expect(stdout).toBe('')
  expect(stderr).toMatch(message)
})
