import { audited } from './audit-line.js'

/** Also in a line that is text in another's JSON, such as that of a container's log. A login that failed has no token. */
const CLEAR =
  /"(?:client_token|plaintext|ciphertext|token|secret_id|password|jwt|passcode)\\*":\s*\\*"(?!hmac-sha256:)[^"\\]/
const KEPT =
  /^(time|type|error|id|operation|path|namespace|mount_type|mount_point|remote_address|key_version|display_name|entity_id|token_type|request|response|auth|data|batch_results|headers|x-waxseal-call|user-agent)$/
const REMOVED = '[not mirrored: the audit device writes values in clear]'

/** Whether the device was told `log_raw`: then its file holds tokens and data keys, which are to be nowhere else. */
export function holdsClearValues(line: string): boolean {
  return CLEAR.test(line)
}

/** The line, and without the values that it should not hold where the device writes them in clear. */
export function withoutSecrets(line: string): string {
  if (!holdsClearValues(line)) return line
  const parsed = audited(line)
  try {
    return parsed ? JSON.stringify(strip(parsed)) : REMOVED
  } catch {
    // Nested too deeply.
    return REMOVED
  }
}

function strip(value: unknown, name = ''): unknown {
  if (Array.isArray(value)) return value.map((each) => strip(each, name))
  if (typeof value === 'object' && value !== null) {
    return Object.fromEntries(Object.entries(value).map(([member, each]) => [member, strip(each, member)]))
  }
  return typeof value !== 'string' || KEPT.test(name) || /^hmac-sha256:/.test(value) ? value : REMOVED
}
