import { isWaxsealError } from '../errors.js'
import { EXIT, EXIT_OF_ERROR, type ExitCode } from './exit-codes.js'

export interface Failure {
  /** For a person: what happened and what to do. */
  readonly message: string
  readonly exitCode: ExitCode
}

/** What is said of an error. Messages of others are left out unless they are known to hold no value. */
export function failureOf(error: unknown): Failure {
  if (isWaxsealError(error)) return { message: error.message, exitCode: EXIT_OF_ERROR[error.code] }
  const { name, code, message } = (error ?? {}) as { name?: string; code?: unknown; message?: string }
  if (typeof code === 'string' && UNREACHABLE.test(code)) {
    const message = `database: cannot be reached${placeOf(error)} (${code}); check its URL and that it runs`
    return { message, exitCode: EXIT.database }
  }
  if (typeof code === 'string' && SQLSTATE.test(code)) {
    const said = SAFE_SQLSTATE.test(code) ? `${message} (SQLSTATE ${code})` : `refused a statement (SQLSTATE ${code})`
    return { message: `database: ${said}${REMEDIES[code] ?? ''}`, exitCode: EXIT.database }
  }
  return {
    message: `internal error (${name ?? typeof error}); run it again with WAXSEAL_DEBUG=1 and report what it prints`,
    exitCode: EXIT.internal,
  }
}

const UNREACHABLE = /^(ECONN|ENOTFOUND|EAI_|ETIMEDOUT|EHOST|ENET|EPIPE)/
/** Which server it was: nothing tells it of a URL that was left out. */
function placeOf(error: unknown): string {
  const { errors: [first] = [], address, port } = error as { errors?: unknown[]; address?: string; port?: number }
  if (first !== undefined) return placeOf(first)
  return address === undefined ? '' : ` at ${[address, port].filter((part) => part !== undefined).join(':')}`
}

const REMEDIES: Readonly<Record<string, string>> = {
  '42501': '; its owner may grant it: "waxseal audit grants" prints what tables of the audit need',
}
const SQLSTATE = /^[0-9A-Z]{5}$/
/** Connections, rights, names and resources. Messages of other classes can repeat a value of a row. */
const SAFE_SQLSTATE = /^(08|0A|25|28|3D|3F|42|53|55|57)/

/**
 * Where an error was thrown, and its causes: names, codes and places. No message: those of vendors and of the runtime can
 * hold what was being handled.
 */
export function tracesOf(error: unknown): string[] {
  const lines: string[] = []
  for (let cause: unknown = error; cause instanceof Error && lines.length < 200; cause = cause.cause) {
    const code = 'code' in cause ? ` ${String(cause.code)}` : ''
    const { stack = '', message } = cause
    // The message stands before the frames, and may look like some.
    const behind = stack.slice(stack.indexOf(message) + message.length)
    const frames = behind.split('\n').filter((line) => /^ {4}at /.test(line))
    lines.push(`${lines.length > 0 ? 'caused by ' : ''}${cause.name}${code}`, ...frames)
  }
  return lines
}
