import { z } from 'zod'
import type { WhenUnavailable } from '../audit/ledger/ledger-options.js'
import { expecting, member, strict } from './problems.js'

/** The call ledger, with the options of `openLedger`. */
export interface LedgerDeclaration {
  /** A Postgres URL, of a role of its own or of another database. Default: `database` of the configuration. */
  readonly database?: string
  /** As of `openLedger`; a relative path starts from the folder of the configuration. */
  readonly journal?: string
  /** As of `openLedger`. */
  readonly connections?: number
  /** As of `openLedger`. */
  readonly whenUnavailable?: Partial<WhenUnavailable>
  /** As of `openLedger`. */
  readonly actors?: 'count' | 'require'
  /** As of `openLedger`. */
  readonly label?: string
}

const text = z.string(expecting('text')).min(1, expecting('text that is not empty'))
const choice = member(['refuse', 'proceed'])
export const ledger = strict({
  database: text.optional(),
  journal: text.optional(),
  connections: z.int(expecting('a whole number from 1')).min(1, expecting('a whole number from 1')).optional(),
  whenUnavailable: strict({
    currentKek: choice.optional(),
    generateDataKey: choice.optional(),
    wrap: choice.optional(),
    unwrap: choice.optional(),
    rewrap: choice.optional(),
    sign: choice.optional(),
    examine: choice.optional(),
    authenticate: choice.optional(),
  } satisfies Record<keyof WhenUnavailable, unknown>).optional(),
  actors: member(['count', 'require']).optional(),
  label: text.optional(),
})
