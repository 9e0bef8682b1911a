import type { DescribeDisabling } from '../../src/kms/disabling.js'
import { isKeyName, isKeyVersion } from './key-names.js'

const HOST = /^[a-z0-9.-]+$/

export const azureDisabling: DescribeDisabling = ({ id, version }) => {
  const [host = '', name = '', ...rest] = id.split('/')
  const isKnown = HOST.test(host) && isKeyName(name) && rest.length === 0 && isKeyVersion(version)
  const set = (enabled: boolean) =>
    `az keyvault key set-attributes --id https://${host}/keys/${name}/${version} --enabled ${enabled}`
  return {
    explanation: `Key Vault disables one version of a key, and enables it again${isKnown ? `: ${set(true)}` : ''}`,
    commands: isKnown ? [set(false)] : [],
  }
}
