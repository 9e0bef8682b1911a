import { auditGrants, auditRoles } from '../../audit/grants.js'
import { ConfigurationError } from '../../errors.js'
import { printLine } from '../terminal.js'

/** Needs no configuration and no database: what it prints is read by whoever owns the tables. */
export async function printGrants(options: { readonly role: string; readonly to: string }): Promise<void> {
  const role = auditRoles.find((name) => name === options.role)
  if (!role) {
    throw new ConfigurationError(`--role: expected one of ${auditRoles.join(', ')}, found "${options.role}"`)
  }
  for (const statement of auditGrants(role, options.to)) printLine(`${statement};`)
}
