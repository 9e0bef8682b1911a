import type { ReportSources } from '../../../src/audit/reports/report.js'
import { retentionPeriods } from '../../../src/audit/retention/periods.js'
import { census } from '../../../src/census/index.js'
import { installSchema } from '../../../src/lifecycle/index.js'
import { Credentials } from '../../postgres/credentials.js'
import type { FreshDatabase } from '../../setup/database.js'

/** Ids that can be told apart by eye. */
export const id = (n: number) => `00000000-0000-7000-8000-${String(n).padStart(12, '0')}`
const [KEY, OLD, NEW] = ['arn:aws:kms:eu-central-1:111122223333:key/k', 'v1', 'v2']
const ROLE = 'arn:aws:sts::111122223333:assumed-role/service/i-1'
const STRANGER = 'arn:aws:iam::111122223333:user/mallory'

const envelope = (n: number, version: string, wrappedAt: string) =>
  JSON.stringify({
    ...{ format: 1, id: `${'A'.repeat(20)}${n}g`, commitment: 'A'.repeat(43), wrap: 1 },
    wraps: [{ kek: { provider: 'aws', id: KEY, version }, dataKey: 'AAAA', wrappedAt }],
  })

/** The third quarter of 2026 of a small service, made by hand, with one of everything that a report has to show. */
export async function seed({ client }: FreshDatabase): Promise<ReportSources> {
  await installSchema(client)
  const { table, name } = await Credentials.create(client, { guarded: false })
  for (const month of ['2026-06-01', '2026-07-01', '2026-08-01', '2026-09-01']) {
    await client.query('SELECT waxseal.ensure_audit_month($1)', [month])
  }
  const rows = [
    envelope(1, NEW, '2026-08-01T00:00:00Z'),
    envelope(2, NEW, '2026-08-02T00:00:00Z'),
    envelope(3, OLD, '2026-01-01T00:00:00Z'),
  ]
  for (const [index, metadata] of rows.entries()) {
    await client.query(
      `INSERT INTO ${name} (id, tenant_id, password, encryption_metadata) VALUES ($1, 'acme', $2, $3)`,
      [...[id(900 + index), index === 2 ? 'test-only: no ciphertext' : null, metadata]],
    )
  }
  await client.query(
    `INSERT INTO waxseal.trail_source (provider, scope, reader) VALUES ('aws', '111122223333/eu-central-1', 'cloudtrail-lookup')`,
  )
  const event = async (
    n: number,
    time: string,
    operation: string,
    operationClass: string,
    more: Record<string, unknown> = {},
  ) => {
    const values = {
      ...{ id: id(n), source: 1, provider: 'aws', scope: '111122223333/eu-central-1', event_uid: `uid-${n}` },
      ...{ uid_quality: 'native', event_time: time, event_time_raw: time, kind: 'call', operation },
      ...{
        operation_class: operationClass,
        outcome: 'success',
        request_id: `request-${n}`,
        principal: ROLE,
        kek_id: KEY,
      },
      ...{ source_text: '10.0.0.7', context: '{"tenant":"acme"}', raw: '{}', raw_sha256: Buffer.alloc(32), ...more },
    }
    await insert(client, 'audit_event', values)
  }
  const attempt = async (
    n: number,
    time: string,
    operation: string,
    end?: Record<string, unknown>,
    more: Record<string, unknown> = {},
  ) => {
    const inserted = new Date(Date.parse(time) + 250)
    await insert(client, 'ledger_attempt', {
      ...{ id: id(n), call: id(n), inserted_at: inserted, started_at: time, writer: id(1), provider: 'aws', operation },
      ...{ kek_id: KEY, kek_version: OLD, actor: 'api', tenant: 'acme', ip: '192.0.2.4', ...more },
    })
    if (!end) return
    await insert(client, 'ledger_end', {
      ...{
        attempt: id(n),
        inserted_at: inserted,
        ended_at: inserted,
        outcome: 'succeeded',
        kek_id: KEY,
        kek_version: OLD,
      },
      ...{ latency_ms: 250, ...end },
    })
  }
  const state = (n: number, time: string, value: Record<string, unknown>) =>
    insert(client, 'event_state', { event: id(n), event_time: time, ...value })

  await event(10, '2026-06-30T23:59:59Z', 'CreateKey', 'key-create')
  await event(11, '2026-07-02T10:00:00Z', 'Decrypt', 'decrypt', { kek_version: OLD })
  await event(12, '2026-07-02T11:00:00Z', 'GenerateDataKey', 'data-key', { kek_version: OLD })
  await event(13, '2026-08-03T04:00:00Z', 'Decrypt', 'decrypt', {
    principal: STRANGER,
    source_text: '=cmd|198.51.100.9',
  })
  await event(14, '2026-08-03T04:01:00Z', 'Decrypt', 'decrypt', {
    ...{ principal: STRANGER, outcome: 'denied', status: 'AccessDenied', source_text: '198.51.100.9' },
  })
  await event(15, '2026-08-04T00:00:00Z', 'RotateKeyOnDemand', 'key-rotate')
  await event(16, '2026-09-01T00:00:00Z', 'PutKeyPolicy', 'policy', { principal: STRANGER })
  await attempt(21, '2026-07-02T09:59:59.750Z', 'unwrap', {})
  await attempt(22, '2026-07-02T11:00:00Z', 'generateDataKey', {}, { actor: null })
  await attempt(23, '2026-07-03T00:00:00Z', 'unwrap', { outcome: 'failed', error_code: 'ERR_KMS_ACCESS_DENIED' })
  await attempt(24, '2026-07-04T00:00:00Z', 'unwrap')
  // Two outages of the database: in the first, two waited for it at a time.
  for (const [n, time, inserted_at] of [
    [25, '2026-08-20T10:00:00Z', '2026-08-20T10:02:00Z'],
    [26, '2026-08-20T10:01:00Z', '2026-08-20T10:02:00.4Z'],
    [27, '2026-08-20T10:03:00Z', '2026-08-20T10:03:20Z'],
  ] as const) {
    await attempt(n, time, 'generateDataKey', undefined, { journalled: true, inserted_at })
  }
  await state(11, '2026-07-02T10:00:00Z', { state: 'accounted', rule: 'R1', confidence: 'exact', attempt: id(21) })
  await state(12, '2026-07-02T11:00:00Z', { state: 'accounted', rule: 'R1', confidence: 'exact', attempt: id(22) })
  await state(13, '2026-08-03T04:00:00Z', { state: 'unaccounted', rule: 'R5' })
  await state(14, '2026-08-03T04:01:00Z', { state: 'unaccounted', rule: 'R5' })
  await state(15, '2026-08-04T00:00:00Z', { state: 'provider_initiated', rule: 'R0' })
  const lost = new Date(Date.parse('2026-07-03T00:00:00Z') + 250)
  await insert(client, 'attempt_state', { attempt: id(23), attempt_time: lost, state: 'missing', rule: 'coverage' })
  await insert(client, 'finding', {
    ...{ id: id(31), kind: 'unaccounted', severity: 'critical', provider: 'aws', scope: '111122223333/eu-central-1' },
    ...{ subject: 'uid-13', occurred_at: '2026-08-03T04:00:00Z', event: id(13) },
  })
  await insert(client, 'finding_note', {
    id: id(32),
    finding: id(31),
    action: 'acknowledged',
    reason: 'penetration test, ticket SEC-7',
    who: 'auditor',
    detail: '{"by": "reviewer"}',
  })

  await insert(client, 'run', {
    ...{
      id: id(41),
      kind: 'rotate',
      entity: 'credential',
      table_name: name,
      state: 'finished',
      started_by: 'operator',
    },
    ...{ started_at: '2026-08-05T00:00:00Z', finished_at: '2026-08-05T00:10:00Z' },
  })
  await insert(client, 'run', {
    ...{ id: id(42), kind: 'renew', entity: 'credential', table_name: name, state: 'finished', started_by: 'operator' },
    ...{ started_at: '2026-09-05T00:00:00Z', finished_at: '2026-09-05T00:01:00Z' },
  })
  for (const [run, counted, count] of [
    [41, 'rewrapped', 2],
    [41, 'current', 5],
    [42, 'renewed', 1],
  ]) {
    await insert(client, 'run_count', { run: id(Number(run)), pass: 1, name: counted, rows: count })
  }
  await client.query(
    `INSERT INTO waxseal.run_failure (run, primary_key, code, message) VALUES ($1, '{x}', 'ERR_DECRYPTION', 'does not open')`,
    [id(41)],
  )
  await insert(client, 'retirement', {
    ...{
      provider: 'aws',
      kek: KEY,
      version: OLD,
      rows: 1,
      ready: false,
      checks: '[]',
      decided_by: 'operator',
      decided_at: '2026-09-10T00:00:00Z',
    },
  })
  await insert(client, 'log_checkpoint', {
    size: 5,
    root: Buffer.alloc(32, 1),
    note: 'test only',
    signed_at: '2026-09-30T00:00:00Z',
  })
  for (const [n, action, detail] of [
    [62, 'check', { size: 5, signed: 5, findings: 0 }],
    [63, 'archive-verify', { table: 'audit_event', rows: 9, sha256: '02'.repeat(32), problems: 0 }],
  ] as const) {
    await insert(client, 'application_event', {
      ...{ id: id(n), inserted_at: '2026-09-30T01:00:00Z', occurred_at: '2026-09-30T01:00:00Z', category: 'audit' },
      ...{ action, outcome: 'success', actor: 'auditor', detail: JSON.stringify(detail) },
    })
  }
  for (const covers of ['[2026-07-01,2026-08-01)', '[2026-08-01 06:00,2026-10-01)']) {
    await insert(client, 'trail_coverage', { source: 1, covers, scanned_at: '2026-10-01T00:00:00Z', complete: true })
  }
  await insert(client, 'log_anchor', { size: 5, place: 'file', anchored_at: '2026-09-30T00:00:01Z' })
  await insert(client, 'control_failure', {
    ...{ id: id(51), control: 'mirror', scope: 'aws 111122223333/eu-central-1', started_at: '2026-08-10T00:00:00Z' },
    ...{ cause: 'AccessDenied', effect: 'the trail was not read' },
  })
  await insert(client, 'control_restored', {
    failure: id(51),
    restored_at: '2026-08-10T01:00:00Z',
    remedy: 'the role was given back',
  })
  await insert(client, 'application_event', {
    ...{
      id: id(61),
      inserted_at: '2026-07-05T00:00:00Z',
      occurred_at: '2026-07-05T00:00:00Z',
      category: 'authorisation',
    },
    ...{ action: 'read', outcome: 'denied', reason: 'other tenant', actor: 'user-9', entity: 'credential' },
  })
  await insert(client, 'audit_archive', {
    ...{
      id: id(71),
      table_name: 'audit_event',
      month: '2025-05-01',
      rows: 9,
      sha256: Buffer.alloc(32, 2),
      place: 'archive/audit_event-202505.jsonl.gz',
      archived_at: '2026-07-01T00:00:00Z',
    },
  })
  await insert(client, 'audit_purge', { archive: id(71), purged_by: 'owner', purged_at: '2026-07-01T00:05:00Z' })
  await insert(client, 'legal_hold', {
    ...{
      id: id(81),
      holds_from: '2026-08-01T00:00:00Z',
      holds_to: '2026-09-01T00:00:00Z',
      reason: 'case 12',
      placed_by: 'counsel',
      placed_at: '2026-09-02T00:00:00Z',
    },
  })
  const rule = (name: string, via: string, more: Record<string, unknown> = {}) => ({
    ...{ principal: `arn:aws:iam::111122223333:${name}`, type: name.split('/')[0], isMany: false, via },
    ...{ may: ['decrypt'], permissions: ['kms:Decrypt'], conditions: [], doubts: [], inTrail: [], ...more },
  })
  const service = rule('role/service', 'key policy "Use"', {
    conditions: ['{"StringEquals":{"kms:EncryptionContext:tenant":"acme"}}'],
    inTrail: ['arn:aws:sts::111122223333:assumed-role/service/*'],
  })
  const admin = rule('user/admin', 'grant 1', {
    may: ['decrypt', 'administer'],
    doubts: ['the Deny "No" may refuse it'],
  })
  const account = rule('root', 'key policy "IAM"', { isMany: true, type: 'account', inTrail: [] })
  const stranger = rule('user/mallory', 'grant 2')
  const lists = [
    ['2026-06-30T00:00:00Z', [service, account], ['IAM could not be read: AccessDenied']],
    ['2026-08-01T00:00:00Z', [service, admin, account, stranger], []],
    ['2026-09-01T00:00:00Z', [service, admin, account], []],
  ] as const
  for (const [index, [read_at, principals, unread]] of lists.entries()) {
    await insert(client, 'key_access', {
      ...{ id: id(91 + index), read_at, provider: 'aws', kek_id: KEY, principals: JSON.stringify(principals) },
      ...{ limits: '["who may assume a role is not followed"]', unread: JSON.stringify(unread) },
    })
  }
  return {
    client,
    census: () => census(client, [table]),
    currentKeks: async () => ({ keks: [{ provider: 'aws', id: KEY, version: NEW }], limits: [] }),
    withoutTrail: async () => [],
    environment: 'production',
    rotationEvery: '90d',
    retention: retentionPeriods(),
    keys: [
      {
        id: KEY,
        owner: 'platform',
        custodians: ['first', 'second'],
        classification: 'confidential',
        moduleValidation: 'as stated by the vendor',
      },
    ],
    principals: [ROLE],
    now: new Date('2026-10-01T00:00:00Z'),
  }
}

async function insert(
  client: FreshDatabase['client'],
  table: string,
  values: Readonly<Record<string, unknown>>,
): Promise<void> {
  const names = Object.keys(values)
  await client.query(
    `INSERT INTO waxseal.${table} (${names.join(', ')}) VALUES (${names.map((_, index) => `$${index + 1}`).join(', ')})`,
    Object.values(values),
  )
}
