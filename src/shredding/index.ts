export { listReceipts, readReceipt, readShreddedRows } from './read-receipts.js'
export type { HeldCopy, ReceiptStatus, ShreddedRow, ShredReceipt } from './receipt.js'
export {
  type ResumeShredOptions,
  resumeShred,
  type ShredOptions,
  type ShredProgress,
  type ShredReport,
  shred,
} from './shred.js'
export { planShred, type ShredPlan } from './shred-plan.js'
export type { ShredFailure } from './shred-rows.js'
export type { ShredTarget } from './shred-target.js'
