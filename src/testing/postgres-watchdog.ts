import { spawn } from 'node:child_process'
import { once } from 'node:events'

export interface WatchdogOptions {
  /** Removed in the end. */
  readonly folder: string
  /** Descriptor of the file that gets the output of the watchdog and of the commands. */
  readonly log: number
  /** Who runs the commands. Default: who runs this process. */
  readonly user?: { readonly uid: number; readonly gid: number }
  /** Run one after the other. The last one is expected to run until it is told to end. */
  readonly commands: readonly (readonly [string, ...string[]])[]
}

export interface Watchdog {
  hasEnded(): boolean
  /** Ends the running command and resolves when that is done and the folder is gone. */
  end(): Promise<void>
}

/**
 * Runs the commands from a process of its own, which holds a pipe from this one. When the pipe closes, because of `end` or
 * because this process ended in whatever way, SIGKILL included, it ends the running command and removes the folder.
 *
 * The server writes into the log's descriptor itself, so a statement is in the log before its client gets an answer.
 */
export function startWatchdog({ folder, log, user, commands }: WatchdogOptions): Watchdog {
  const child = spawn(process.execPath, ['-e', WATCHDOG, JSON.stringify({ folder, user, commands })], {
    cwd: folder,
    env: environment(),
    stdio: ['pipe', log, log],
    // Away from the terminal's group: Ctrl-C must not reach it before it has cleaned up.
    detached: true,
    windowsHide: true,
  })
  const exit = once(child, 'exit').catch(() => undefined)
  // It outlives us only to clean up, so it must not keep us alive.
  child.unref()
  const stdin = child.stdin as NonNullable<typeof child.stdin> & { unref?(): void }
  stdin.unref?.()
  stdin.on('error', () => undefined)
  return {
    hasEnded: () => child.pid === undefined || child.exitCode !== null || child.signalCode !== null,
    async end() {
      child.ref()
      stdin.end()
      await exit
    },
  }
}

/** Nothing else: our own environment may hold keys, and the server runs as another user. NODE_OPTIONS would act on it. */
function environment(): NodeJS.ProcessEnv {
  const names = ['PATH', 'LD_LIBRARY_PATH', 'TMPDIR', 'TEMP', 'SystemRoot']
  const kept = names.flatMap((name) => (process.env[name] === undefined ? [] : [[name, process.env[name]]]))
  return { ...Object.fromEntries(kept), LC_ALL: 'C' }
}

// A string, since neither `import.meta` nor `__dirname` can name a file in a source that is compiled to ESM and CommonJS.
const WATCHDOG = `
const { spawn } = require('node:child_process')
const { rmSync } = require('node:fs')
const { folder, user, commands } = JSON.parse(process.argv[1])
let running
let ending = false

function run([command, ...args]) {
  running = spawn(command, args, { ...user, cwd: folder, stdio: ['ignore', 'inherit', 'inherit'], windowsHide: true })
  running.on('error', (error) => {
    console.error(String(error))
    finish()
  })
  running.on('exit', (code) => {
    if (code === 0 && commands.length > 0 && !ending) run(commands.shift())
    else finish()
  })
}

function finish() {
  process.chdir('/')
  // Retries: processes of the server that were told to end may still be writing.
  rmSync(folder, { recursive: true, force: true, maxRetries: 10 })
  process.exit(0)
}

function end() {
  if (ending) return
  ending = true
  running.kill('SIGINT')
  setTimeout(() => running.kill('SIGKILL'), 10_000)
}

process.stdin.on('close', end).on('error', end).resume()
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, end)
run(commands.shift())
`
