import type { DescribeDisabling } from '../../src/kms/disabling.js'
import { isKeyName, isVersion } from './key-name.js'

export const gcpDisabling: DescribeDisabling = ({ id, version }) => {
  const isKnown = isKeyName(id) && isVersion(version)
  const command = (verb: string) => `gcloud kms keys versions ${verb} ${id}/cryptoKeyVersions/${version}`
  return {
    explanation: `Cloud KMS disables one version of a key, and enables it again${isKnown ? `: ${command('enable')}` : ''}`,
    commands: isKnown ? [command('disable')] : [],
  }
}
