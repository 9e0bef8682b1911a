import { ConfigurationError } from '../../errors.js'
import { printJson } from '../terminal.js'
import type { CredentialSet } from './credential.js'
import { readCredentials } from './credentials-file.js'
import { databaseUrlOf } from './database-url.js'
import { generateCredentials } from './generated-credentials.js'
import { Screen } from './screen.js'

export interface DemoOptions {
  /** Where to work, in a schema of its own; true for the URL of the environment. Default: a temporary Postgres. */
  readonly databaseUrl?: string | true
  /** A file of one credential per line, as `readCredentials` describes. Default: a made-up set. */
  readonly credentials?: string
  /** One JSON document instead of the story. */
  readonly json?: boolean
  /** The size of the made-up set. Default 1,000. */
  readonly rows?: number
}

/** Optional for users of the library, needed here. */
const PACKAGES = ['typeorm', 'reflect-metadata', 'pg'] as const

/** Shows the library at work on a real Postgres. Resolves to the exit code: 0 only if everything held that was claimed. */
export async function demo(options: DemoOptions): Promise<number> {
  const { databaseUrl: given, credentials: file, json = false, rows = 1_000 } = options
  // First what can be wrong with what was given.
  const databaseUrl = given === undefined ? undefined : databaseUrlOf(given)
  const set: CredentialSet =
    file === undefined ? { credentials: generateCredentials(rows) } : { credentials: await readCredentials(file), file }
  await assertInstalled()
  const { runDemo } = await import('./run.js')
  const { facts, held, broken, exitCode } = await runDemo(set, databaseUrl, new Screen(json))
  if (json) printJson({ held, broken, ...facts })
  return exitCode
}

async function assertInstalled(): Promise<void> {
  const load = {
    typeorm: () => import('typeorm'),
    'reflect-metadata': () => import('reflect-metadata'),
    pg: () => import('pg'),
  }
  for (const name of PACKAGES) {
    await load[name]().catch((cause: unknown) => {
      throw new ConfigurationError(
        `the demo needs the package ${name}; install it with "npm i ${PACKAGES.join(' ')}"`,
        { cause },
      )
    })
  }
}
