import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import type pg from 'pg'
import { InsertQueryBuilder } from 'typeorm'

export interface ObservedCase {
  readonly operation: string
  readonly outcome: string
  /** What became of the value without encryption. */
  readonly control: string
}

export interface ObservedSection {
  readonly title: string
  readonly about: string
  readonly instead?: string
  readonly cases: readonly ObservedCase[]
}

/** What one version of TypeORM did on one version of Postgres: committed, and what `docs/typeorm-safety.md` shows. */
export interface Observed {
  readonly typeorm: string
  readonly postgres: string
  readonly sections: readonly ObservedSection[]
}

export async function versions(client: pg.Client): Promise<Pick<Observed, 'typeorm' | 'postgres'>> {
  const { rows } = await client.query('SHOW server_version_num')
  const installed = 'valuesFromSelect' in InsertQueryBuilder.prototype ? 'typeorm' : 'typeorm-0.3'
  const { version } = JSON.parse(readFileSync(`node_modules/${installed}/package.json`, 'utf8'))
  return { typeorm: version, postgres: String(Math.floor(rows[0].server_version_num / 10_000)) }
}

const fileOf = ({ typeorm, postgres }: Pick<Observed, 'typeorm' | 'postgres'>) =>
  `test/typeorm/safety/observed/typeorm-${typeorm}-postgres-${postgres}.json`

/** Undefined for versions that nothing was committed for. */
export function committed(of: Pick<Observed, 'typeorm' | 'postgres'>): Observed | undefined {
  const file = fileOf(of)
  return existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : undefined
}

/** With a line for each case, for those who read what changed. */
export function commit({ sections, ...of }: Observed): void {
  const texts = sections.map(({ cases, ...section }) => {
    const lines = cases.map((each) => `    ${JSON.stringify(each)}`)
    return `  ${JSON.stringify(section).slice(0, -1)},"cases":[\n${lines.join(',\n')}\n  ]}`
  })
  writeFileSync(fileOf(of), `${JSON.stringify(of).slice(0, -1)},"sections":[\n${texts.join(',\n')}\n]}\n`)
}
