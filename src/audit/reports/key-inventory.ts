import { type KekRef, sameKek } from '../../kms/provider.js'
import { secondsOf } from '../../lifecycle/duration.js'
import type { Queryable } from '../../postgres/queryable.js'
import { type Cell, cells, type ReportDefinition } from './report.js'

export const keyInventory: ReportDefinition = {
  number: 'R1',
  name: 'key-inventory',
  title: 'Key inventory',
  serves: ['PCI DSS 3.6.1.1', 'SOC 2 CC6.1', 'ISO 27001 A.8.24', 'DORA RTS 2024/1774 Art. 7', 'ASVS 11.1.2'],
  tables: ['protected tables', 'audit_event', 'ledger_end'],
  columns: [
    { name: 'provider', meaning: 'the KMS that holds the KEK' },
    { name: 'kek_id', meaning: 'its name there' },
    { name: 'kek_version', meaning: 'the version that wraps data keys' },
    { name: 'current', meaning: 'whether new data keys are wrapped under it now; null where the KMS did not say' },
    { name: 'environment', meaning: 'as configured' },
    { name: 'owner', meaning: 'as declared in the configuration' },
    { name: 'custodians', meaning: 'as declared in the configuration' },
    { name: 'classification', meaning: 'as declared in the configuration' },
    { name: 'module_validation', meaning: 'as declared in the configuration, never concluded' },
    {
      name: 'rows',
      meaning: 'credentials with a wrapped data key under it; each has a data key of its own, AES-256-GCM',
    },
    { name: 'oldest_wrap', meaning: 'when the oldest of these was wrapped' },
    { name: 'next_due_at', meaning: 'when that wrap is to be replaced, by `rotation.every` of the configuration' },
    { name: 'created_at', meaning: 'of the key, where its creation is in the mirrored trail' },
    { name: 'last_state_change', meaning: 'the last operation on the key itself in the mirrored trail' },
    { name: 'wraps', meaning: 'uses in the period, by the mirrored trail' },
    { name: 'unwraps', meaning: 'uses in the period, by the mirrored trail' },
    { name: 'last_used_at', meaning: 'by the mirrored trail' },
  ],
  async read({ client, census, currentKeks, environment, rotationEvery, keys }, { from, to }) {
    const { keks: current, limits } = await currentKeks()
    const counted = await census()
    const found = counted.flatMap(({ keks }) => keks)
    const keks = unique([...(current ?? []), ...found.map(({ kek }) => kek)])
    const rows: Record<string, Cell>[] = []
    for (const kek of keks) {
      const of = found.filter(({ kek: other }) => sameKek(kek, other))
      const oldest = of.map(({ oldestWrap }) => oldestWrap).sort()[0] ?? null
      const declared = keys.find(({ id }) => id === kek.id)
      rows.push({
        ...{ provider: kek.provider, kek_id: kek.id, kek_version: kek.version },
        current: current?.some((other) => sameKek(other, kek)) ?? null,
        environment: environment ?? null,
        owner: declared?.owner ?? null,
        custodians: declared?.custodians?.join('; ') ?? null,
        classification: declared?.classification ?? null,
        module_validation: declared?.moduleValidation ?? null,
        rows: of.reduce((sum, { rows: count }) => sum + count, 0),
        oldest_wrap: oldest,
        next_due_at: oldest && rotationEvery ? later(oldest, rotationEvery) : null,
        ...(await usesOf(client, kek, from, to)),
      })
    }
    return {
      rows,
      population: counted.reduce((sum, { rows: count }) => sum + count, 0),
      limits: [
        'Uses of a KEK are those that a mirrored trail shows; a trail that names no version counts for each.',
        ...limits,
      ],
    }
  },
}

function later(from: string, duration: string): string {
  return new Date(Date.parse(from) + secondsOf(duration) * 1_000).toISOString()
}

function unique(keks: readonly KekRef[]): KekRef[] {
  return keks
    .filter((kek, index) => keks.findIndex((other) => sameKek(kek, other)) === index)
    .sort((a, b) => compare([a.provider, a.id, a.version], [b.provider, b.id, b.version]))
}

function compare(a: readonly string[], b: readonly string[]): number {
  const index = a.findIndex((part, position) => part !== b[position])
  return index < 0 ? 0 : a[index]! < b[index]! ? -1 : 1
}

async function usesOf(client: Queryable, kek: KekRef, from: Date, to: Date): Promise<Record<string, Cell>> {
  const { rows } = await client.query(
    `SELECT min(event_time) FILTER (WHERE operation_class = 'key-create') AS created_at,
      max(event_time) FILTER (WHERE operation_class LIKE 'key-%') AS last_state_change,
      count(*) FILTER (WHERE operation_class IN ('data-key', 'encrypt', 'rewrap') AND event_time >= $4 AND event_time < $5)::float8
        AS wraps,
      count(*) FILTER (WHERE operation_class = 'decrypt' AND event_time >= $4 AND event_time < $5)::float8 AS unwraps,
      max(event_time) FILTER (WHERE operation_class IN ('data-key', 'encrypt', 'rewrap', 'decrypt')) AS last_used_at
    FROM waxseal.audit_event
    WHERE provider = $1 AND kek_id = $2 AND (kek_version = $3 OR kek_version IS NULL) AND outcome = 'success'`,
    [kek.provider, kek.id, kek.version, from, to],
  )
  return cells(rows[0]!)
}
