import { test } from '@jest/globals'
import { testKmsProvider } from '../contract/kms-provider.js'
import { withLimits } from '../contract/server-limits.js'
import { awsUnderTest } from '../providers/aws-under-test.js'
import { awsLimits } from './aws-limits.js'
import { declareNotRun } from './not-run.js'
import { frontOf } from './server-of.js'

for (const [name, variable] of [
  ['LocalStack', 'WAXSEAL_TEST_AWS_ENDPOINT'],
  ['LocalEmu', 'WAXSEAL_TEST_LOCALEMU_ENDPOINT'],
] as const) {
  const server = await frontOf('aws', variable)
  if (server) {
    const declare = withLimits((title, run) => test(`${name}: ${title}`, run), await awsLimits(server))
    testKmsProvider({ test: declare }, { name: 'aws', create: () => awsUnderTest(server) })
  } else declareNotRun(`AWS KMS on ${name}`, variable)
}
