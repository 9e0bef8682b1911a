export { type Actor, currentActor, withActor } from './actor/actor.js'
export { actorOfRequest } from './actor/actor-of-request.js'
export type { AuditLogger, AuditLoggerHealth } from './application/audit-logger.js'
export type { AuditLoggerOptions } from './application/audit-logger-options.js'
export { DETAIL_KEYS, type Detail, type LoggedCategory } from './application/detail.js'
export type { FormatName } from './application/format.js'
export type { LoggedEvent } from './application/logged-event.js'
export { openAuditLogger } from './application/open-audit-logger.js'
export type { EventStream } from './application/sink.js'
export { type ControlRow, controlMap, type Framework, frameworks } from './evidence/control-map.js'
export { makeEvidencePack, type PackOptions } from './evidence/make-pack.js'
export type { PackFile, PackManifest } from './evidence/manifest.js'
export { type PackVerdict, verifyEvidencePack } from './evidence/verify-pack.js'
export { type ExportManifest, type ExportOptions, exportAudit } from './export/export-audit.js'
export type { ExportFormat } from './export/formats.js'
export type { ExportedFile } from './export/hashed-file.js'
export type { NamesOfTrails } from './export/ocsf-line.js'
export { type Acknowledgement, acknowledgeFindings } from './findings/acknowledge-findings.js'
export type { FindingFilters } from './findings/finding-filters.js'
export {
  type FindingNote,
  type FindingQuery,
  type FindingStatus,
  readFindings,
  type StoredFinding,
} from './findings/read-findings.js'
export { type AuditRole, auditGrants, auditRoles } from './grants.js'
export { type Appended, type AppendOptions, appendLeaves } from './integrity/append-leaves.js'
export type { AnchoredNotes } from './integrity/check/check-checkpoints.js'
export { type CheckOptions, checkLog, type LogReport } from './integrity/check/check-log.js'
export type { Witness } from './integrity/check/check-tree.js'
export type { LogFinding, LogFindingKind } from './integrity/check/log-finding.js'
export type { LogHead } from './integrity/checkpoint.js'
export { type CheckpointSigner, signerOf } from './integrity/checkpoint-signer.js'
export type { SinceProof } from './integrity/export/since.js'
export {
  type ExportProblem,
  type ExportVerdict,
  type VerifyExportOptions,
  verifyExport,
} from './integrity/export/verify-export.js'
export { type KmsSigningKey, kmsSigner } from './integrity/kms-signer.js'
export { parseVerifierKey, type VerifierKey, verifierKeyOf } from './integrity/note-key.js'
export { type SignedCheckpoint, type SignOptions, signCheckpoint } from './integrity/sign-checkpoint.js'
export type { LedgerOptions, LedgerProblem, WhenUnavailable } from './ledger/ledger-options.js'
export { openLedger } from './ledger/open-ledger.js'
export { type LedgerStatistics, PostgresLedger } from './ledger/postgres-ledger.js'
export type { MirroredTrail, PassResult } from './mirror/make-pass.js'
export { followTrails, type MirrorEvent, type MirrorOptions, mirrorOnce } from './mirror/mirror.js'
export { readMirrorStatus, type SourceStatus } from './mirror/mirror-status.js'
export { type TrailUseOptions, usesInTrail } from './mirror/uses-in-trail.js'
export { makeReport, type Report, type ReportHeader } from './reports/make-report.js'
export { type Period, parsePeriod } from './reports/period.js'
export { type Rendering, renderings } from './reports/render.js'
export type {
  Cell,
  CurrentKeks,
  DeclaredKey,
  ReportBody,
  ReportColumn,
  ReportDefinition,
  ReportSources,
} from './reports/report.js'
export { reports } from './reports/reports.js'
export { type HoldRequest, type LegalHold, liftHold, listHolds, placeHold } from './retention/holds.js'
export type { RetentionDeclaration } from './retention/periods.js'
export { type Retained, type RetainedMonth, type RetainOptions, retainAudit } from './retention/retain.js'
export { type VerifiedArchive, verifyArchive } from './retention/verify-archive.js'
export type { RecordInLog } from './review/prove-record.js'
export {
  type AuditQuery,
  type RecordFilters,
  type RecordKind,
  type RecordOutcome,
  recordKinds,
  recordOutcomes,
} from './review/query.js'
export type { ReviewRecord } from './review/record.js'
export { type AuditCount, type AuditPage, countAudit, searchAudit } from './review/search.js'
export { type ShownRecord, showRecord } from './review/show.js'
export { type TailQuery, type TailSettings, tailRecords } from './review/tail.js'
export type { AuditEvent, EventOutcome, Normalized, OperationClass, TrailRecord } from './trail/audit-event.js'
export type {
  CloudPlace,
  ExpectedEvent,
  ProviderTrail,
  TrailDelays,
  TrailNames,
} from './trail/provider-trail.js'
export type {
  CursorValue,
  PostureCheck,
  ReaderState,
  TimeWindow,
  TrailBatch,
  TrailObject,
  TrailReader,
} from './trail/trail-reader.js'
