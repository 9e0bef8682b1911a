import type { DataSource } from 'typeorm'
import { isEncryptedValue } from '../../../src/typeorm/encrypted-value.js'
import { decryptAll, type EncryptedValue } from '../../../src/typeorm/index.js'
import { Credential } from '../entities.js'

/** A credential as the application would read it. */
export interface Row {
  readonly name: string
  readonly password: unknown
  readonly settings: unknown
  readonly oauth: unknown
  readonly hidden: unknown
  readonly tokens: readonly string[]
  readonly deleted: boolean
}

const FIELDS = ['password', 'settings', 'oauth', 'hidden'] as const

/** Every credential of a tenant, opened without any cached data key. */
export async function storedRows(dataSource: DataSource, tenantId: string): Promise<Row[]> {
  const credentials = dataSource.getRepository(Credential)
  const query = credentials.createQueryBuilder('c').addSelect('c.hidden').leftJoinAndSelect('c.tokens', 't')
  const rows = await query.where({ tenantId }).withDeleted().orderBy('c.name').getMany()
  const decrypted = await decryptAll(credentials, rows)
  return decrypted.map(({ row, fields, error }) => {
    if (error) throw error
    return {
      name: row.name as string,
      password: fields.password,
      settings: fields.settings,
      oauth: fields.oauth,
      hidden: fields.hidden,
      tokens: row.tokens.map(({ value }) => value).sort(),
      deleted: row.deletedAt !== null,
    }
  })
}

/** What lies in the tables of the entities, as it lies there. */
export async function dumpOf(dataSource: DataSource): Promise<unknown> {
  const runner = dataSource.createQueryRunner()
  try {
    return [
      await runner.query('SELECT c::text FROM credential c ORDER BY id'),
      await runner.query('SELECT t::text FROM token t ORDER BY id'),
    ]
  } finally {
    await runner.release()
  }
}

/** The plaintexts that objects hold. Only a lazy field may be an `EncryptedValue`, and then one that opens. */
export async function plaintextsOf(held: readonly object[]): Promise<unknown> {
  return Promise.all(
    held.map(async (object) => {
      const entity = object as Partial<Credential>
      const fields = FIELDS.map(async (field) => {
        const value = entity[field]
        return [field, field === 'oauth' && isEncryptedValue(value) ? await (value as EncryptedValue).decrypt() : value]
      })
      return { ...Object.fromEntries(await Promise.all(fields)), tokens: entity.tokens?.map(({ value }) => value) }
    }),
  )
}

/** Every property of objects, by identity, so that a late change of any of them shows. */
export function propertiesOf(held: readonly object[]): readonly unknown[] {
  return held.flatMap((object) => [
    ...Object.entries(object).flat(),
    ...((object as Partial<Credential>).tokens ?? []).flatMap((token) => Object.entries(token).flat()),
  ])
}
