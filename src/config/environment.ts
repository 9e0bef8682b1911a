import { providers, wrapOnlyRecipients } from '../../providers/index.js'
import type { Problem } from './problems.js'

export type Environment = Readonly<Record<string, string | undefined>>

/** The only reader of `process.env`; everybody else is handed what is in it. */
export function currentEnvironment(): Environment {
  return process.env
}

export interface EnvironmentConfiguration {
  /** In the shape of a configuration file, not validated. */
  readonly configuration: Readonly<Record<string, unknown>>
  readonly problems: readonly Problem[]
}

/** Undefined when nothing in the environment says that it is meant to configure. */
export function configurationFromEnvironment(environment: Environment): EnvironmentConfiguration | undefined {
  const names = Object.keys(environment).filter(
    (name) => name.startsWith('WAXSEAL_') && environment[name] !== undefined,
  )
  const listed = (variable: string) =>
    (environment[variable] ?? '')
      .split(',')
      .map((name) => name.trim())
      .filter(Boolean)
  const used = [...listed('WAXSEAL_PROVIDER'), ...listed('WAXSEAL_RECIPIENTS'), ...listed('WAXSEAL_ACCEPTED')]
  const unknown = names.filter(
    (name) => !isKnown(name) && !used.some((provider) => name.startsWith(prefixOf(provider))),
  )
  if (used.length === 0 && !unknown.some(isOfProvider)) return undefined
  const configuration = {
    ...(environment.WAXSEAL_PROVIDER && { provider: sectionOf(environment.WAXSEAL_PROVIDER, environment) }),
    recipients: listed('WAXSEAL_RECIPIENTS').map((name) => sectionOf(name, environment)),
    accepted: listed('WAXSEAL_ACCEPTED').map((name) => ({ provider: sectionOf(name, environment) })),
    ...(environment.WAXSEAL_DATA_SOURCE && { dataSource: environment.WAXSEAL_DATA_SOURCE }),
    ...(environment.WAXSEAL_ENVIRONMENT && { environment: environment.WAXSEAL_ENVIRONMENT }),
  }
  return { configuration, problems: unknown.map(unused) }
}

/** For a configuration that names no database itself. Many programs read `DATABASE_URL`: it may be that of another. */
export function databaseFromEnvironment(environment: Environment): string | undefined {
  const { WAXSEAL_DATABASE_URL: own, DATABASE_URL: common = '' } = environment
  return own || (/^postgres(ql)?:/.test(common) ? common : undefined)
}

/** For `waxseal keygen --passphrase`, by the name under which the keyring is opened later. */
export function passphraseFromEnvironment(environment: Environment): string | undefined {
  return environment.WAXSEAL_LOCAL_PASSPHRASE || undefined
}

/** Of the private half of an offline recovery key. */
export function recoveryPassphraseFromEnvironment(environment: Environment): string | undefined {
  return environment.WAXSEAL_RECOVERY_PASSPHRASE || undefined
}

/** Of the webhook that is told of findings. */
export function alertSecretFromEnvironment(environment: Environment): string | undefined {
  return environment.WAXSEAL_ALERT_SECRET || undefined
}

/** Who runs a command, where that is not the user of the machine: a pipeline, or a job of a cluster. */
export function actorFromEnvironment(environment: Environment): string | undefined {
  return environment.WAXSEAL_ACTOR || undefined
}

/** Whether errors come with where they were thrown. */
export function isDebugging(environment: Environment): boolean {
  return environment.WAXSEAL_DEBUG === '1'
}

/** How a problem names what came from the environment. */
export function variableOf(path: readonly PropertyKey[]): string {
  return VARIABLES[String(path[0])] ?? 'the environment'
}

const VARIABLES: Readonly<Record<string, string>> = {
  provider: 'WAXSEAL_PROVIDER',
  recipients: 'WAXSEAL_RECIPIENTS',
  accepted: 'WAXSEAL_ACCEPTED',
  database: 'WAXSEAL_DATABASE_URL or DATABASE_URL',
  dataSource: 'WAXSEAL_DATA_SOURCE',
  environment: 'WAXSEAL_ENVIRONMENT',
}

/** Those of the commands, and of this repository's own tests. */
const OTHERS = /^WAXSEAL_(ACTOR|ALERT_SECRET|DATABASE_URL|DEBUG|RECOVERY_PASSPHRASE|SHARED|TEST_\w+)$/
/** Kubernetes gives every container such variables for a Service called waxseal or waxseal-something. */
const OF_KUBERNETES = /_SERVICE_(HOST|PORT(_\w+)?)$|_PORT(_\d+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?)?$/

function isKnown(name: string): boolean {
  return Object.values(VARIABLES).includes(name) || OTHERS.test(name) || OF_KUBERNETES.test(name)
}

function isOfProvider(name: string): boolean {
  return Object.keys({ ...providers, ...wrapOnlyRecipients }).some((provider) => name.startsWith(prefixOf(provider)))
}

function prefixOf(provider: string): string {
  return `WAXSEAL_${provider.toUpperCase().replaceAll('-', '_')}_`
}

/** `WAXSEAL_LOCAL_CURRENT_KEY` is the option `currentKey` of the provider `local`. */
function sectionOf(name: string, environment: Environment): Readonly<Record<string, unknown>> {
  const prefix = prefixOf(name)
  const camelCase = (variable: string) =>
    variable.toLowerCase().replaceAll(/_(\w)/g, (_, letter) => letter.toUpperCase())
  const options = Object.entries(environment)
    .filter(([variable, value]) => variable.startsWith(prefix) && !OF_KUBERNETES.test(variable) && value !== undefined)
    .map(([variable, value]) => [camelCase(variable.slice(prefix.length)), value])
  return { name, ...Object.fromEntries(options) }
}

function unused(path: string): Problem {
  const reason = isOfProvider(path)
    ? 'belongs to a provider that nothing names; set WAXSEAL_PROVIDER, WAXSEAL_RECIPIENTS or WAXSEAL_ACCEPTED, or remove it'
    : `no such variable; known are ${Object.values(VARIABLES).join(', ')} and WAXSEAL_<PROVIDER>_<OPTION>`
  return { path, expected: reason, found: '' }
}
