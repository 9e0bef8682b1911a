import { LocalProvider } from '../../providers/local/index.js'

/** How large: small in `npm test`, large by `npm run test:scale`. */
export interface Scale {
  readonly rows: number
  /** Workers that are killed while they work. */
  readonly kills: number
  /** Of one transaction; twenty of them are what a worker takes for itself. */
  readonly batchRows: number
  /** How long the work is made to last, in seconds, by a rate of calls to the KMS. */
  readonly seconds: number
}

export const scale: Scale = {
  rows: Number(process.env.WAXSEAL_SCALE_ROWS ?? 3_000),
  batchRows: Number(process.env.WAXSEAL_SCALE_BATCH ?? 25),
  kills: Number(process.env.WAXSEAL_SCALE_KILLS ?? 3),
  seconds: Number(process.env.WAXSEAL_SCALE_SECONDS ?? 6),
}

export type JobName = 'rotate' | 'renew'

/** What every process of a test is given. */
export interface Setting {
  readonly url: string
  /** Of two KEKs, in hex. */
  readonly keys: readonly [string, string]
  readonly currentKey: number
  readonly batchRows: number
  readonly job: JobName
  /** Calls to the KMS per second, over all workers. */
  readonly rate: number
}

export function localKms({ keys, currentKey }: Pick<Setting, 'keys' | 'currentKey'>): LocalProvider {
  const [first, second] = keys.map((key) => Buffer.from(key, 'hex'))
  return new LocalProvider({ keys: { 1: first!, 2: second! }, currentKey })
}

export function settingOfThisProcess(): Setting {
  return JSON.parse(process.env.SETTING!)
}

/** Which writer changes and deletes a seeded row, so that each row has one; the larger numbers are nobody's. */
export function writerOf(id: string): number {
  return Number.parseInt(id.slice(0, 6), 16) % (WRITERS * 10)
}

export const WRITERS = 4
