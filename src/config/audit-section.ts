import { z } from 'zod'
import { severities } from '../audit/alerts/due-alerts.js'
import { expectedOf, type RetentionDeclaration } from '../audit/retention/periods.js'
import { type CheckpointsDeclaration, checkpoints } from './checkpoints-section.js'
import { type LedgerDeclaration, ledger } from './ledger-section.js'
import { expecting, member, strict } from './problems.js'
import { type TrailDeclaration, trailSection } from './trail-section.js'

/** What `waxseal audit` works with. */
export interface AuditDeclaration {
  /** Where calls to a KMS are written down, by every cipher of this configuration and every command. Default: nowhere. */
  readonly ledger?: LedgerDeclaration
  /** The audit trails that are mirrored. Default: none. */
  readonly trails?: readonly TrailDeclaration[]
  /**
   * Who the application is at its KMS, as the trails name it: ARNs, e-mail addresses, object ids. Default: none, and then
   * nobody is a stranger.
   */
  readonly principals?: readonly string[]
  /** What only people know of a KEK, for the inventory of keys. Default: none. */
  readonly keys?: readonly KeyDeclaration[]
  /** How long records are kept. Default: 400 days, 100 of them in the database. */
  readonly retention?: RetentionDeclaration
  /** How the log of the records is signed, and where its checkpoints are anchored. Default: it is not signed. */
  readonly checkpoints?: CheckpointsDeclaration
  /** Whom to tell of findings. Default: nobody, but for the log of the command. */
  readonly alerts?: AlertDeclaration
}

/** Where findings of the reconciliation are told. The webhook is signed as by Standard Webhooks, with HMAC-SHA-256. */
export interface AlertDeclaration {
  /** Of the webhook: `https`, or `http` on this machine. */
  readonly url: string
  /** A file with the secret that messages are signed with, readable by its owner only. Default: `WAXSEAL_ALERT_SECRET`. */
  readonly secretFile?: string
  /** The least severity that is told: `info`, `low`, `medium`, `high` or `critical`. Default `high`. */
  readonly minimum?: (typeof severities)[number]
}

/** Repeated in reports as it is written here, and never concluded from anything. */
export interface KeyDeclaration {
  /** Of the KEK, as in its KEK ref. */
  readonly id: string
  readonly owner?: string
  readonly custodians?: readonly string[]
  readonly classification?: string
  /** Such as the number of a FIPS 140-3 certificate. */
  readonly moduleValidation?: string
}

const text = z.string(expecting('text')).min(1, expecting('text that is not empty'))

const retention = strict({
  hot: text.optional(),
  total: text.optional(),
}).superRefine((declared, { addIssue }) => {
  const expected = expectedOf(declared)
  if (expected !== undefined) addIssue({ code: 'custom', message: expected })
})

const alerts = strict({
  url: text.refine(isWebhook, expecting('an https URL, or an http URL of this machine')),
  secretFile: text.optional(),
  minimum: member(severities).default('high'),
})

export const auditSection = strict({
  trails: z.array(trailSection, expecting('a list of trails')).default([]),
  principals: z.array(text, expecting('a list of texts')).default([]),
  keys: z
    .array(
      strict({
        id: text,
        owner: text.optional(),
        custodians: z.array(text, expecting('a list of texts')).optional(),
        classification: text.optional(),
        moduleValidation: text.optional(),
      }),
      expecting('a list of { id, owner, custodians, classification, moduleValidation }'),
    )
    .default([]),
  retention: retention.optional(),
  checkpoints: checkpoints.optional(),
  alerts: alerts.optional(),
  ledger: ledger.optional(),
})

function isWebhook(value: string): boolean {
  if (!URL.canParse(value)) return false
  const { protocol, hostname } = new URL(value)
  return protocol === 'https:' || (protocol === 'http:' && ['localhost', '127.0.0.1', '[::1]'].includes(hostname))
}
