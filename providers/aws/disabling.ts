import type { DescribeDisabling } from '../../src/kms/disabling.js'

/** Key material is no thing of its own to AWS: https://docs.aws.amazon.com/kms/latest/developerguide/rotate-keys.html */
export const awsDisabling: DescribeDisabling = () => ({
  explanation:
    'AWS KMS cannot disable one version: earlier key material decrypts for as long as the key itself is enabled, and costs nothing ' +
    'to keep. Nothing is to be done. To be rid of the key as a whole, move to another one and retire each version of this',
  commands: [],
})
