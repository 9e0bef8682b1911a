import { dirname, resolve } from 'node:path'
import { ConfigurationError } from '../errors.js'
import type { Configuration } from './configuration.js'
import { findConfigurationFile, readConfigurationFile } from './configuration-file.js'
import { configurationSchema, type ValidConfiguration } from './configuration-schema.js'
import {
  configurationFromEnvironment,
  currentEnvironment,
  databaseFromEnvironment,
  type Environment,
  variableOf,
} from './environment.js'
import { configurationError, type Problem, problemsOf } from './problems.js'

export interface LoadOptions {
  /** A configuration file. Default: the `waxseal.config.*` of the working directory, then the environment. */
  readonly file?: string
  /** Default: that of the process. */
  readonly environment?: Environment
}

/** A valid configuration: nothing in it was connected yet. */
export interface LoadedConfiguration extends ValidConfiguration {
  /** Where it was read, for messages. */
  readonly source: string
  /** What relative paths in it start from. */
  readonly folder: string
}

/** Finds, reads and validates the configuration. Rejects with one `ConfigurationError` that lists every problem. */
export async function loadConfiguration(options: LoadOptions = {}): Promise<LoadedConfiguration> {
  const environment = options.environment ?? currentEnvironment()
  const file = options.file ?? findConfigurationFile(process.cwd())
  if (file !== undefined) {
    return validate(file, dirname(resolve(file)), environment, await readConfigurationFile(file))
  }
  const found = configurationFromEnvironment(environment)
  if (!found) {
    throw new ConfigurationError(
      `no configuration: expected a file waxseal.config.ts (or mts, js, mjs, cjs, json) in ${process.cwd()}, or WAXSEAL_PROVIDER in the environment`,
    )
  }
  return validate('environment', process.cwd(), environment, found.configuration, found.problems, variableOf)
}

/** As `loadConfiguration`, of an object at hand. */
export function validateConfiguration(configuration: Configuration): LoadedConfiguration {
  return validate('configuration', process.cwd(), currentEnvironment(), configuration)
}

function validate(
  source: string,
  folder: string,
  environment: Environment,
  input: unknown,
  problems: readonly Problem[] = [],
  nameOf?: typeof variableOf,
): LoadedConfiguration {
  const database = databaseFromEnvironment(environment)
  const isObject = typeof input === 'object' && input !== null && !Array.isArray(input)
  const complete = isObject && database !== undefined ? { database, ...input } : input
  const { success, data, error } = configurationSchema.safeParse(complete)
  if (!success || problems.length > 0) {
    throw configurationError(source, [...problems, ...(error ? problemsOf(error, complete, nameOf) : [])])
  }
  return { ...data, source, folder }
}
