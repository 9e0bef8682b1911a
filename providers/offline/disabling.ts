import type { DescribeDisabling } from '../../src/kms/disabling.js'

export const offlineDisabling: DescribeDisabling = () => ({
  explanation:
    'Processes have the public half of a recovery key and no KMS holds it: take it out of "recipients" of every process. Keep the ' +
    'private half for as long as a backup may need it',
  commands: [],
})
