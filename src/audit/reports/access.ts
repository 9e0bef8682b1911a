import { readSnapshots } from '../key-access/snapshot.js'
import { AccessByPolicy, type TrailUse } from './access-by-policy.js'
import { type Cell, cell, cells, type ReportDefinition } from './report.js'

export const access: ReportDefinition = {
  number: 'R4',
  name: 'access',
  title: 'Who can decrypt: by the ledger, the trail and the policy of the KMS, and the difference',
  serves: ['PCI DSS 7.2', 'PCI DSS 3.6.1', 'SOC 2 CC6.3'],
  tables: ['audit_event', 'ledger_attempt', 'ledger_end', 'key_access'],
  columns: [
    {
      name: 'side',
      meaning:
        'trail: who did, as the KMS names them; ledger: who did, as the application names them; policy: who may, by a rule of the KMS',
    },
    { name: 'principal', meaning: 'who' },
    { name: 'kek_id', meaning: 'the KEK that data keys are opened with' },
    { name: 'uses', meaning: 'successful, in the period; null where a rule is about many' },
    { name: 'denied', meaning: 'refused, in the period' },
    { name: 'first_used_at', meaning: 'in the period' },
    { name: 'last_used_at', meaning: 'in the period' },
    { name: 'declared', meaning: 'listed as one of ours in the configuration; null on the side of the ledger' },
    { name: 'may', meaning: 'decrypt: open data keys; administer: give that right, to himself too' },
    { name: 'permissions', meaning: 'by the names of the KMS' },
    { name: 'via', meaning: 'the rule by which he may' },
    { name: 'conditions', meaning: 'of the rule, as they are written there' },
    { name: 'doubts', meaning: 'why he may not be able to after all, or why more may' },
    { name: 'listed_from', meaning: 'time of the first list with this rule, that before the period included' },
    { name: 'listed_to', meaning: 'time of the last list with this rule' },
    { name: 'difference', meaning: 'what one side knows and the other does not, and what changed between two lists' },
  ],
  async read({ client, principals, currentKeks }, { from, to }) {
    const { rows: trail } = await client.query(
      `SELECT 'trail' AS side, COALESCE(principal, credential_id, 'unknown') AS principal, kek_id,
        count(*) FILTER (WHERE outcome = 'success')::float8 AS uses,
        count(*) FILTER (WHERE outcome = 'denied')::float8 AS denied,
        min(event_time) AS first_used_at, max(event_time) AS last_used_at,
        COALESCE(bool_or(principal = ANY ($3) OR credential_id = ANY ($3)), false) AS declared,
        count(*) FILTER (WHERE EXISTS (SELECT FROM waxseal.event_state AS state
          WHERE state.event = audit_event.id AND state.event_time = audit_event.event_time AND state.state = 'accounted'))::float8
          AS accounted
      FROM waxseal.audit_event
      WHERE operation_class IN ('decrypt', 'rewrap') AND event_time >= $1 AND event_time < $2
      GROUP BY 2, 3 ORDER BY 2, 3`,
      [from, to, principals],
    )
    const { rows: ledger } = await client.query(
      `SELECT 'ledger' AS side, COALESCE(attempt.actor, 'nobody was named') AS principal,
        COALESCE(ended.kek_id, attempt.kek_id) AS kek_id,
        count(*) FILTER (WHERE ended.outcome = 'succeeded')::float8 AS uses,
        count(*) FILTER (WHERE ended.error_code = 'ERR_KMS_ACCESS_DENIED')::float8 AS denied,
        min(attempt.inserted_at) AS first_used_at, max(attempt.inserted_at) AS last_used_at, NULL AS declared,
        count(*)::float8 AS attempts
      FROM waxseal.ledger_attempt AS attempt LEFT JOIN waxseal.ledger_end AS ended ON ended.attempt = attempt.id
      WHERE attempt.operation IN ('unwrap', 'rewrap') AND attempt.inserted_at >= $1 AND attempt.inserted_at < $2
      GROUP BY 2, 3 ORDER BY 2, 3`,
      [from, to],
    )
    const { keks: current, limits } = await currentKeks()
    const used = [...trail, ...ledger].flatMap(({ kek_id }) => (kek_id as string | null) ?? [])
    const uses = trail.map(trailUseOf)
    const snapshots = await readSnapshots(client, { from, to })
    const policy = new AccessByPolicy(snapshots, principals)
    const population = [...trail.map(({ uses }) => uses), ...ledger.map(({ attempts }) => attempts), snapshots.length]
    return {
      rows: [
        ...trail.map(({ accounted, ...row }, at) => ({
          ...cells(row),
          difference: joined(trailDifference(row, Number(accounted)), policy.differenceOf(uses[at]!)),
        })),
        ...ledger.map(({ attempts, ...row }) => ({
          ...cells(row),
          difference: ledgerDifference(row, Number(attempts)),
        })),
        ...policy.rows(uses),
      ],
      population: population.reduce<number>((sum, count) => sum + Number(count), 0),
      limits: [...limits, ...policy.limits([...(current ?? []).map(({ id }) => id), ...used])],
    }
  },
}

function trailUseOf(row: Readonly<Record<string, unknown>>): TrailUse {
  return {
    ...{ principal: String(row.principal), kekId: row.kek_id as string | null },
    ...{ uses: Number(row.uses), denied: Number(row.denied) },
    ...{ first: cell(row.first_used_at), last: cell(row.last_used_at) },
  }
}

function joined(...differences: readonly Cell[]): Cell {
  return differences.filter((each) => each !== null).join('; ') || null
}

function trailDifference(row: Readonly<Record<string, unknown>>, accounted: number): Cell {
  const total = Number(row.uses) + Number(row.denied)
  if (!row.declared) return 'not one of ours by the configuration'
  return accounted < total ? `${total - accounted} not accounted for by the ledger` : null
}

function ledgerDifference(row: Readonly<Record<string, unknown>>, attempts: number): Cell {
  const open = attempts - Number(row.uses) - Number(row.denied)
  return open > 0 ? `${open} failed otherwise or have no end` : null
}
