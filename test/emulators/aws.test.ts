import { test } from '@jest/globals'
import type { DeclareTest } from '../../src/testing/kms-provider-contract.js'
import { testKmsProvider } from '../contract/kms-provider.js'
import { withLimits } from '../contract/server-limits.js'
import { awsUnderTest } from '../providers/aws-under-test.js'
import { testEndToEnd } from '../providers/end-to-end.js'
import { signingUnderTest } from '../providers/signing-under-test.js'
import { AwsIam } from './aws-iam.js'
import { awsLimits } from './aws-limits.js'
import { testCheckpointSigning } from './checkpoint-signing.js'
import { declareNotRun } from './not-run.js'
import { frontOf } from './server-of.js'

const EMULATORS = {
  LocalStack: { variable: 'WAXSEAL_TEST_AWS_ENDPOINT', enforcesIam: false },
  LocalEmu: { variable: 'WAXSEAL_TEST_LOCALEMU_ENDPOINT', enforcesIam: true },
}

for (const [emulator, { variable, enforcesIam }] of Object.entries(EMULATORS)) {
  const server = await frontOf('aws', variable)
  if (server) {
    const iam = enforcesIam ? new AwsIam(process.env[variable]!) : undefined
    const create = () => awsUnderTest(server, iam ? { identityFor: (key) => iam.service(key) } : {})
    const named: DeclareTest = (title, run) => test(`${emulator}: ${title}`, run)
    const suite = { name: 'aws', create }
    const limited = withLimits(named, await awsLimits(server))
    testKmsProvider({ test: limited }, suite)
    testCheckpointSigning(limited, (algorithm) => signingUnderTest.aws(server, algorithm))
    const mend = async () => {
      server.faults.clear()
      await iam?.restore()
    }
    testEndToEnd({ test: named }, { ...suite, disables: 'keys', mend })
  } else declareNotRun(`AWS KMS on ${emulator}`, variable)
}
