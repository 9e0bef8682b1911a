import type { Queryable } from '../../postgres/queryable.js'
import type { TrailReader } from '../trail/trail-reader.js'

/** One trail as one reader reads it. */
export interface TrailSource {
  /** Of `waxseal.trail_source`; text, since a `bigint` is none. */
  readonly id: string
  readonly provider: string
  readonly scope: string
  readonly reader: string
}

export type TrailName = Pick<TrailReader, 'provider' | 'scope' | 'name'>

export function describeSource({ provider, reader, scope }: Omit<TrailSource, 'id'>): string {
  return `${provider} ${reader} ${scope}`
}

/** The source of a reader, from the first time it was seen. */
export async function registerSource(client: Queryable, { provider, scope, name }: TrailName): Promise<TrailSource> {
  const values = [provider, scope, name]
  const find = async () => {
    const { rows } = await client.query(
      'SELECT id::text FROM waxseal.trail_source WHERE provider = $1 AND scope = $2 AND reader = $3',
      values,
    )
    return rows[0]?.id as string | undefined
  }
  let id = await find()
  if (id === undefined) {
    await client.query(
      'INSERT INTO waxseal.trail_source (provider, scope, reader) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING',
      values,
    )
    id = (await find()) as string
  }
  return { id, provider, scope, reader: name }
}

export async function registeredSources(client: Queryable): Promise<TrailSource[]> {
  const { rows } = await client.query(
    'SELECT id::text, provider, scope, reader FROM waxseal.trail_source ORDER BY provider, scope, reader',
  )
  return rows as unknown as TrailSource[]
}
