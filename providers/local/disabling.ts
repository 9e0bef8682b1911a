import type { DescribeDisabling } from '../../src/kms/disabling.js'

export const localDisabling: DescribeDisabling = ({ version }) => {
  const [number] = version.split('-')
  return {
    explanation:
      `No KMS holds a local key, and nothing can disable it: take key ${number} out of "keys" of every process and start them ` +
      'anew, and keep it where secrets are kept until you are sure; put back, it opens again',
    commands: [],
  }
}
