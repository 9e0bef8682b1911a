import { Argument, type Command, Option } from 'commander'
import { type ProviderName, providers } from '../../providers/index.js'
import { ConfigurationError } from '../errors.js'
import { ACCESS_ROLES, type AccessRole } from '../kms/access.js'
import { print, printJson, tell } from './terminal.js'

interface Options {
  readonly role: AccessRole
  readonly key: string
  readonly entity: readonly string[]
  readonly principal?: string
  readonly format?: string
  readonly json?: true
}

const NAMES = Object.keys(providers)

export function define(command: Command): void {
  command
    .addArgument(new Argument('<provider>', 'whose permissions').choices(NAMES))
    .addOption(new Option('--role <role>', 'what the identity is for').choices(ACCESS_ROLES).makeOptionMandatory())
    .requiredOption('--key <key>', 'the KEK, as in the configuration')
    .option('--entity <name...>', 'only envelopes of these entities (default: of all)', [])
    .option('--principal <name>', 'who gets it, as the KMS spells it')
    .option('--format <format>', 'the language, where the provider has more than one; the default is its first')
    .option('--json', 'print JSON: a list of { title, text }')
    .addHelpText('after', '\nRoles: writer (wraps and unwraps), reader, rotator, auditor. docs/key-management.md')
    .action(policy)
}

async function policy(provider: ProviderName, options: Options): Promise<void> {
  const { role, key, entity: entities, principal, format, json } = options
  const access = await providers[provider].access()
  if (format !== undefined && !access.formats.includes(format)) {
    throw new ConfigurationError(
      `--format: expected one of ${access.formats.join(', ')} for provider "${provider}", found another`,
    )
  }
  const documents = access.policy({
    ...{ role, key, entities },
    ...(principal !== undefined && { principal }),
    ...(format !== undefined && { format }),
  })
  if (json) {
    printJson(documents)
    return
  }
  for (const { title, text } of documents) {
    tell(title)
    print(text)
  }
}
