import { expect, test } from '@jest/globals'
import { awsTrail } from '../../../providers/aws/audit-trail.js'
import { startS3 } from './s3-server.js'

const connect = (section: Record<string, unknown>, reader = 'cloudtrail-lookup') => awsTrail.readers[reader]!(section)

test('the scope of a reader is account and Region', async () => {
  const reader = await connect({ account: '111122223333', region: 'eu-central-1' })
  expect([reader.provider, reader.name, reader.scope]).toEqual([
    'aws',
    'cloudtrail-lookup',
    '111122223333/eu-central-1',
  ])
  await reader.close()
})

test.each([
  ['no account', { region: 'eu-central-1' }, /12 digits.*found none/],
  ['an account that is none', { account: '1234', region: 'eu-central-1' }, /12 digits.*found "1234"/],
  ['an unknown option', { account: '111122223333', regoin: 'x' }, /unknown option "regoin"/],
  [
    'too many days',
    { account: '111122223333', region: 'eu-central-1', backfillDays: '91' },
    /from 0 to 90, found "91"/,
  ],
])('%s is refused', async (_name, section, message) => {
  await expect(connect(section)).rejects.toThrow(message)
})

const BUCKET = { account: '111122223333', region: 'eu-central-1', bucket: 'example-trail', trail: 'main' }

test('the reader of a bucket asks for the folders of its trail', async () => {
  const s3 = await startS3()
  const credentials = { AWS_ACCESS_KEY_ID: 'test', AWS_SECRET_ACCESS_KEY: 'test' }
  const before = { ...process.env }
  Object.assign(process.env, credentials)
  try {
    const section = { ...BUCKET, prefix: 'audit', organization: 'o-1', endpoint: s3.endpoint, backfillDays: '0' }
    const reader = await connect(section, 'cloudtrail-s3')
    expect([reader.name, reader.scope]).toEqual(['cloudtrail-s3', '111122223333/eu-central-1'])
    const state = { cursor: null, object: async () => undefined }
    for await (const _ of reader.read(new Date('2026-03-01T12:00:00Z'), state, new AbortController().signal));
    expect(s3.state.requests).toContain('list audit/AWSLogs/o-1/111122223333/CloudTrail/eu-central-1/2026/03/01/')
    expect(s3.state.requests).toContain(
      'list audit/AWSLogs/o-1/111122223333/CloudTrail-Digest/eu-central-1/2026/03/02/',
    )
    await reader.close()
  } finally {
    for (const name of Object.keys(credentials)) delete process.env[name]
    Object.assign(process.env, before)
    await s3.close()
  }
})

test.each([
  ['no bucket', { ...BUCKET, bucket: undefined }, /"bucket" of the reader "cloudtrail-s3" is missing/],
  ['no trail', { ...BUCKET, trail: undefined }, /"trail" of the reader "cloudtrail-s3" is missing/],
  ['an unknown option', { ...BUCKET, buket: 'x' }, /unknown option "buket"/],
  ['days that are none', { ...BUCKET, backfillDays: 'many' }, /from 0 to 3650, found "many"/],
])('of a bucket, %s is refused', async (_name, section, message) => {
  await expect(connect(section, 'cloudtrail-s3')).rejects.toThrow(message)
})
