import { expect, test } from '@jest/globals'
import { awsTrail } from '../../../providers/aws/audit-trail.js'

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
