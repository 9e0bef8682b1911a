import { sameKek } from '../../kms/provider.js'
import { type Cell, cells, type ReportDefinition } from './report.js'

export const rotations: ReportDefinition = {
  number: 'R3',
  name: 'rotations',
  title: 'Rotation evidence',
  serves: ['PCI DSS 3.7.4', 'PCI DSS 3.7.5', 'SOC 2 CC6.1', 'ISO 27001 A.8.24'],
  tables: ['run', 'run_count', 'run_failure', 'protected tables'],
  columns: [
    { name: 'run', meaning: 'id of the run' },
    {
      name: 'kind',
      meaning: 'rotate: data keys were rewrapped; renew: rows got new data keys and were encrypted under them',
    },
    { name: 'entity', meaning: 'what the rows are' },
    { name: 'state', meaning: 'running, paused, cancelled or finished' },
    { name: 'started_by', meaning: 'who began it' },
    { name: 'started_at', meaning: 'UTC' },
    { name: 'finished_at', meaning: 'UTC' },
    { name: 'rewrapped', meaning: 'rows whose data key is under another KEK now: the data key itself is the same' },
    { name: 'renewed', meaning: 'rows with a new data key, which is what helps when one may have leaked' },
    { name: 'already_current', meaning: 'rows that needed nothing' },
    { name: 'shredded', meaning: 'rows without a data key any more' },
    { name: 'failed', meaning: 'rows that could not be moved' },
    {
      name: 'residual_rows',
      meaning:
        'rows of the table that are under a KEK which is not current, at the time of the report; null where the KMS did not say what is current',
    },
  ],
  async read({ client, census, currentKeks }, { from, to }) {
    const { rows: all } = await client.query(
      `SELECT run.id AS run, kind, entity, state, started_by, started_at, finished_at,
        ${['rewrapped', 'renewed', 'current', 'shredded'].map(countOf).join(', ')},
        (SELECT count(*) FROM waxseal.run_failure WHERE run_failure.run = run.id)::float8 AS failed
      FROM waxseal.run
      WHERE started_at < $2 AND (finished_at IS NULL OR finished_at >= $1)
      ORDER BY started_at, run.id`,
      [from, to],
    )
    const runs = all.filter(({ kind }) => kind === 'rotate' || kind === 'renew')
    const { keks: current, limits } = await currentKeks()
    const residual = new Map<string, number>()
    for (const { entity, keks } of current ? await census() : []) {
      const stale = keks.filter(({ kek }) => !current!.some((other) => sameKek(other, kek)))
      residual.set(
        entity,
        stale.reduce((sum, { rows }) => sum + rows, 0),
      )
    }
    return {
      rows: runs.map((run): Record<string, Cell> => {
        return { ...cells(run), residual_rows: residual.get(String(run.entity)) ?? null }
      }),
      population: all.length,
      limits: ['Rewrapping changes which KEK protects a data key; it does not renew the data key.', ...limits],
    }
  },
}

function countOf(name: string): string {
  const shown = name === 'current' ? 'already_current' : name
  return `(SELECT COALESCE(sum(rows), 0) FROM waxseal.run_count WHERE run_count.run = run.id AND name = '${name}')::float8 AS ${shown}`
}
