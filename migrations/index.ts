import { runs } from './0001-runs.js'
import { processes } from './0002-processes.js'
import { shredReceipts } from './0003-shred-receipts.js'
import { retirements } from './0004-retirements.js'
import { rewrapJournal } from './0005-rewrap-journal.js'
import { budgets } from './0006-budgets.js'
import { adoptions } from './0007-adoptions.js'
import { renewals } from './0008-renewals.js'
import { ledger } from './0009-ledger.js'
import { trail } from './0010-trail.js'
import { reconciliation } from './0011-reconciliation.js'
import { integrity } from './0012-integrity.js'
import { retention } from './0013-retention.js'
import { auditProtection } from './0014-audit-protection.js'
import type { Migration } from './migration.js'

/** In the order in which they are run. One that was released is never changed: a change is a migration of its own. */
export const migrations: readonly Migration[] = [
  runs,
  processes,
  shredReceipts,
  retirements,
  rewrapJournal,
  budgets,
  adoptions,
  renewals,
  ledger,
  trail,
  reconciliation,
  integrity,
  retention,
  auditProtection,
]
