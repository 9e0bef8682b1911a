import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { providers } from '../../../providers/index.js'
import { type ApplicationEvent, eventCategories } from '../../../src/audit/application/application-event.js'
import { applicationToOcsf } from '../../../src/audit/ocsf/application-to-ocsf.js'
import { auditEventToOcsf, type StoredAuditEvent } from '../../../src/audit/ocsf/audit-event-to-ocsf.js'
import type { AuditEvent, OperationClass } from '../../../src/audit/trail/audit-event.js'
import type { TrailNames } from '../../../src/audit/trail/provider-trail.js'
import { problemsOf } from './conformance.js'

const trails: Readonly<Record<string, TrailNames>> = Object.fromEntries(
  await Promise.all(Object.entries(providers).map(async ([name, { trail }]) => [name, await trail()] as const)),
)
const time = new Date('2026-05-10T10:00:00.123Z')
const aws: AuditEvent = {
  ...{ uid: 'e-1', uidQuality: 'native', scope: '111122223333/eu-west-1', time, timeText: '2026-05-10T10:00:00Z' },
  ...{ kind: 'call', operation: 'Decrypt', operationClass: 'decrypt', outcome: 'success', requestId: 'r-1' },
  ...{ principal: 'arn:aws:iam::111122223333:user/app', principalType: 'IAMUser', credentialId: 'AKIA-test' },
  ...{ source: '192.0.2.7', userAgent: 'agent/1', kekId: 'arn:k', kekVersion: 'm-1', context: { tenant: 't-1' } },
}
const stored = (change: Partial<AuditEvent> = {}, about: Partial<StoredAuditEvent> = {}): StoredAuditEvent => {
  const event = { ...aws, ...change }
  return { id: 'row-1', provider: 'aws', event, mirroredAt: time, raw: '{}', rawSha256: 'ab', ...about }
}
const applied: ApplicationEvent = {
  ...{ id: 'a-1', occurredAt: time, category: 'credential', action: 'read', outcome: 'success' },
  actor: { actor: 'alice', tenant: 't-1', requestId: 'r-1', ip: '192.0.2.7', purpose: 'support' },
  ...{ entity: 'account', row: '7', envelope: 'e-1', kek: { provider: 'aws', id: 'k-1', version: '1' }, detail: {} },
}

describe('every event has what the class requires, and nothing that its version does not know', () => {
  const some = <T>(value: T) => fc.option(fc.constant(value), { nil: undefined })
  const without = (value: object) => Object.fromEntries(Object.entries(value).filter(([, each]) => each !== undefined))

  test('of the application', () => {
    const arbitrary = fc.record({
      category: fc.constantFrom(...eventCategories),
      action: fc.constantFrom('create', 'read', 'unwrap', 'sign-in'),
      outcome: fc.constantFrom('success', 'denied', 'error'),
      reason: some('E_CODE'),
      actor: fc.constantFrom(undefined, { actor: 'alice' }, applied.actor),
      row: some('7'),
      envelope: some('e-1'),
      kek: fc.constantFrom(undefined, applied.kek, { provider: 'aws', id: 'k-1', version: '' }),
      detail: fc.constantFrom({}, { rows: 3 }),
    })
    fc.assert(
      fc.property(arbitrary, (change) => {
        const { id, occurredAt } = applied
        expect(problemsOf(applicationToOcsf({ id, occurredAt, ...without(change) } as ApplicationEvent))).toEqual([])
      }),
    )
  })

  test('of a provider', () => {
    const { uid, uidQuality, timeText, ...rest } = aws
    const required = { uid, uidQuality, timeText, time, kind: rest.kind, operation: rest.operation }
    const arbitrary = fc.record({
      operationClass: fc.constantFrom<OperationClass>('data-key', 'decrypt', 'policy', 'key-delete', 'other'),
      outcome: fc.constantFrom('success', 'denied', 'throttled', 'error'),
      scope: fc.constantFrom(aws.scope, 'projects/p-1', 'vault.example', ''),
      source: fc.constantFrom(undefined, '', '192.0.2.7', '::1', 'AWS Internal', 'kms.amazonaws.com', 'private'),
      ...{ status: some('403'), statusDetail: some('no'), principal: some('p'), principalName: some('n') },
      ...{ via: some('v'), credentialId: some('c'), requestId: some('r'), kekId: some('k'), sourceKekId: some('s') },
      ...{ userAgent: some('u'), context: some({ tenant: 't' }), requestedKey: some('alias/k') },
    })
    const reconciliation = fc.constantFrom(undefined, { state: 'unaccounted' }, { state: 'accounted', call: 'c-1' })
    const provider = fc.constantFrom(...Object.keys(providers), 'acme')
    fc.assert(
      fc.property(arbitrary, reconciliation, provider, (change, found, name) => {
        const event = { ...required, ...without(change) } as AuditEvent
        const about = { provider: name, ...(found && { reconciliation: found }) }
        expect(problemsOf(auditEventToOcsf({ ...stored({}, about), event }, trails[name]))).toEqual([])
      }),
    )
  })

  test('and what is wrong is found', () => {
    const { actor: _, ...rest } = auditEventToOcsf(stored()) as Record<string, object>
    expect(problemsOf({ ...rest, src_endpoint: {}, raw_data_hash: 'ab', time: 'now' })).toEqual([
      ...['actor is required', 'time is no number'],
      expect.stringMatching(/^src_endpoint needs one of ip, /),
      'raw_data_hash is not of this version',
    ])
  })
})

test('an event of a provider, in full', () => {
  const reconciliation = { state: 'accounted', rule: 'R1', confidence: 'exact', attempt: 'at-1', call: 'c-1' }
  expect(auditEventToOcsf(stored({}, { reconciliation }), trails['aws'])).toEqual({
    ...{ category_uid: 6, category_name: 'Application Activity', class_uid: 6003, class_name: 'API Activity' },
    ...{ activity_id: 2, activity_name: 'Read', type_uid: 600302, type_name: 'API Activity: Read' },
    ...{ severity_id: 1, severity: 'Informational', status_id: 1, status: 'Success', time: time.getTime() },
    metadata: {
      ...{ version: '1.4.0', uid: 'e-1', original_time: '2026-05-10T10:00:00Z', logged_time: time.getTime() },
      ...{ log_name: aws.scope, log_provider: 'CloudTrail', product: { name: 'waxseal', vendor_name: 'waxseal' } },
      ...{ correlation_uid: 'c-1', profiles: ['cloud'] },
    },
    actor: { user: { uid: aws.principal, type: 'IAMUser', credential_uid: 'AKIA-test' } },
    api: { operation: 'Decrypt', service: { name: 'aws' }, request: { uid: 'r-1' } },
    src_endpoint: { ip: '192.0.2.7' },
    cloud: { provider: 'AWS', account: { uid: '111122223333' }, region: 'eu-west-1' },
    http_request: { user_agent: 'agent/1' },
    resources: [{ uid: 'arn:k', type: 'KEK', version: 'm-1' }],
    enrichments: [{ name: 'reconciliation', value: 'accounted', data: reconciliation }],
    raw_data: '{}',
    unmapped: {
      ...{ id: 'row-1', raw_sha256: 'ab', outcome: 'success', kind: 'call', context: { tenant: 't-1' } },
      operation_class: 'decrypt',
    },
  })
})

test('each trail has its names, and one that is not known that of its provider', () => {
  const named = (provider: string, scope: string) => {
    const { metadata, cloud } = auditEventToOcsf(stored({ scope }, { provider }), trails[provider])
    return [(metadata as { log_provider: string }).log_provider, cloud]
  }
  expect([
    named('gcp', 'projects/p-1'),
    named('azure', 'v.vault.azure.net'),
    named('vault', 'v'),
    named('acme', 'a'),
  ]).toEqual([
    ['Cloud Audit Logs', { provider: 'GCP', project_uid: 'p-1' }],
    ['Azure Monitor', { provider: 'Azure' }],
    ['Vault audit device', undefined],
    ['acme', undefined],
  ])
})

test('who is unaccounted for is severe, and most of all where keys, policies or the trail are changed or was refused', () => {
  const severity = (change: Partial<AuditEvent>, state = 'unaccounted') => {
    return auditEventToOcsf(stored(change, { reconciliation: { state } })).severity_id
  }
  expect(severity({})).toBe(4)
  expect(severity({ outcome: 'denied' })).toBe(5)
  expect(severity({ operationClass: 'logging' })).toBe(5)
  expect(severity({ operationClass: 'logging' }, 'accounted')).toBe(1)
})

test('an event of the application, in full', () => {
  expect(applicationToOcsf({ ...applied, outcome: 'denied', reason: 'ERR_KMS_ACCESS_DENIED' })).toMatchObject({
    ...{ activity_id: 2, status_id: 2, status_code: 'ERR_KMS_ACCESS_DENIED', status_detail: 'denied' },
    metadata: { uid: 'a-1', tenant_uid: 't-1', log_name: 'waxseal.application_event' },
    actor: { user: { uid: 'alice' } },
    api: { operation: 'credential/read', request: { uid: 'r-1' }, response: { error: 'ERR_KMS_ACCESS_DENIED' } },
    src_endpoint: { ip: '192.0.2.7' },
    resources: [
      { uid: '7', type: 'credential', name: 'account' },
      { uid: 'k-1', type: 'KEK', version: '1' },
    ],
    unmapped: { category: 'credential', envelope: 'e-1', purpose: 'support' },
  })
  expect(applicationToOcsf({ ...applied, category: 'tool', action: 'run' })).toMatchObject({
    ...{ activity_id: 99, activity_name: 'tool/run', type_uid: 600399, type_name: 'API Activity: Other' },
  })
})
