import 'reflect-metadata'
import { describe, expect, test } from '@jest/globals'
import { DataSource, Entity, PrimaryGeneratedColumn } from 'typeorm'
import { generateLocalKey } from '../../providers/local/index.js'
import { validateConfiguration } from '../../src/config/load-configuration.js'
import type { AdoptOptions, DatedReader, ProtectedTable } from '../../src/postgres/index.js'
import { Encrypted, EncryptionMetadata, protectedTablesOf } from '../../src/typeorm/index.js'

const until = new Date('2100-01-01')
const reader = (name: string, authenticates: boolean): DatedReader => {
  return { reader: { name, columns: [], authenticates, recognizes: () => true, read: () => Buffer.of() }, until }
}
const plaintext = reader('plaintext', false)
const hex = reader('hex-gcm', true)

interface Declared {
  readonly column: string
  readonly as?: 'text' | 'json' | 'bytes'
  readonly type?: 'text' | 'bytea'
  readonly adopt: AdoptOptions
}

async function byEntity({ column, as = 'text', type = 'text', adopt }: Declared): Promise<ProtectedTable | undefined> {
  @Entity('account')
  class Account {
    @PrimaryGeneratedColumn('uuid')
    id!: string

    @Encrypted({ id: 'account.secret', name: column, as, type, adopt })
    secret!: unknown

    @EncryptionMetadata({ entity: 'account' })
    envelope!: unknown
  }
  const dataSource = new DataSource({ type: 'postgres', url: 'postgres://localhost:1/none', entities: [Account] })
  await (dataSource as unknown as { buildMetadatas(): Promise<void> }).buildMetadatas()
  return protectedTablesOf(dataSource)[0]
}

async function byConfiguration({ column, as = 'text', type = 'text', adopt }: Declared) {
  const provider = { name: 'local', keys: `1:${generateLocalKey()}`, currentKey: 1 } as const
  const fields = [{ column, id: 'account.secret', kind: as, type, adopt }]
  const table = { entity: 'account', table: 'account', primaryKey: { id: 'uuid' }, fields } as const
  return validateConfiguration({ provider, tables: [table] }).tables?.[0]
}

describe.each([
  ['a decorator', byEntity],
  ['a table of the configuration', byConfiguration],
])('the adoption of a field, declared by %s', (_by, declare) => {
  test('is beside its old column, unless it says otherwise', async () => {
    const table = await declare({ column: 'secret_encrypted', adopt: { source: 'secret', readers: [hex, plaintext] } })
    expect(table?.fields).toEqual([
      {
        column: 'secret_encrypted',
        id: 'account.secret',
        kind: 'text',
        type: 'text',
        adoption: { placement: 'side', source: 'secret', readers: [hex, plaintext] },
      },
    ])
  })

  test('is in its own column with inPlace', async () => {
    const table = await declare({ column: 'secret', adopt: { placement: 'inPlace', readers: [plaintext] } })
    expect(table?.fields[0]?.adoption).toEqual({ placement: 'inPlace', source: 'secret', readers: [plaintext] })
  })

  const refused: [string, Omit<Declared, 'column'>, RegExp][] = [
    ['another placement', { adopt: { placement: 'above' as never, readers: [plaintext] } }, /"placement" must be side/],
    ['no reader', { adopt: { source: 'old', readers: [] } }, /"readers" must be a list of readers/],
    ['nobody who reads', { adopt: { source: 'old' } as never }, /"readers" must be a list of readers/],
    [
      'a reader without a date',
      { adopt: { source: 'old', readers: [{ ...hex, until: 'soon' as never }] } },
      /"readers"/,
    ],
    ['an unknown option', { adopt: { source: 'old', readers: [hex], from: 'x' } as never }, /unknown option "from"/],
    ['plaintext before others', { adopt: { source: 'old', readers: [plaintext, hex] } }, /must be the last/],
    ['side without a source', { adopt: { readers: [hex] } }, /"source" must name the column so far/],
    ['side in one column', { adopt: { source: 'secret', readers: [hex] } }, /must be another one/],
    ['a source with inPlace', { adopt: { placement: 'inPlace', source: 'old', readers: [hex] } }, /leave "source" out/],
    ['a column of bytes', { type: 'bytea', adopt: { source: 'old', readers: [hex] } }, /a column of type text/],
    ['a value of bytes', { as: 'bytes', adopt: { source: 'old', readers: [hex] } }, /of kind bytes cannot be adopted/],
  ]
  test.each(refused)('%s is refused', async (_name, declared, message) => {
    const made = (async () => declare({ column: 'secret', ...declared }))()
    await expect(made).rejects.toMatchObject({ code: 'ERR_CONFIGURATION', message: expect.stringMatching(message) })
  })
})
