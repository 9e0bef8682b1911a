import type { DescribeDisabling } from '../../src/kms/disabling.js'
import { isKeyPath } from './key-path.js'

const VERSION = /^[1-9]\d{0,8}$/

/** https://developer.hashicorp.com/vault/api-docs/secret/transit#update-key-configuration */
export const vaultDisabling: DescribeDisabling = ({ id, version }) => {
  const isKnown = isKeyPath(id) && VERSION.test(version)
  const at = id.lastIndexOf('/')
  const config = (least: number) =>
    `bao write ${id.slice(0, at)}/keys/${id.slice(at + 1)}/config min_decryption_version=${least}`
  return {
    explanation:
      'Vault disables versions by a floor: this one and every older one, so retire those too. A lower floor enables them again' +
      (isKnown ? `: ${config(Number(version))}` : ''),
    commands: isKnown ? [config(Number(version) + 1)] : [],
  }
}
