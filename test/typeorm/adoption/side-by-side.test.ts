import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import fc from 'fast-check'
import type { DataSource, Repository } from 'typeorm'
import { decryptAll, updateEncrypted } from '../../../src/typeorm/index.js'
import { type FreshDatabase, freshDatabase } from '../../setup/database.js'
import { Account, LegacyTable, OldAccount } from './legacy-account.js'

const ROWS = 3
const NAMES = ['password', 'token', 'note', 'hint'] as const
type Name = (typeof NAMES)[number]

interface Step {
  readonly by: 'old' | 'adopt-read' | 'adopt-write'
  readonly row: number
  readonly field: Name
  readonly verb: 'save' | 'updateEncrypted' | 'clear'
}

let database: FreshDatabase
let table: LegacyTable
let old: DataSource
const repositories: Partial<Record<string, Repository<Account>>> = {}

beforeAll(async () => {
  database = await freshDatabase()
  table = await LegacyTable.create(database)
  for (const mode of ['adopt-read', 'adopt-write'] as const) {
    repositories[mode] = (await table.start(mode)).dataSource.getRepository(Account)
  }
  old = await table.old()
})
afterAll(async () => {
  await table?.close()
  await database?.drop()
})

/** Done; false when it was refused as a write that came too late, or as one of the application that was there before. */
async function run({ by, field, verb }: Step, id: string, value: string): Promise<boolean> {
  try {
    // Every field but the password may be null.
    const next = verb === 'clear' && field !== 'password' ? null : value
    if (by === 'old') {
      await old.getRepository(OldAccount).update(id, { [field]: next })
      return true
    }
    const repository = repositories[by] as Repository<Account>
    if (verb === 'updateEncrypted') await updateEncrypted(repository, id, { [field]: next })
    else if (verb === 'clear') await repository.update(id, { [field]: next ?? null } as never)
    else {
      const account = await repository.findOneByOrFail({ id })
      await repository.save(Object.assign(account, { [field]: next }))
    }
    return true
  } catch (error) {
    const { code, driverError } = error as { code?: string; driverError?: { code?: string } }
    const refused = by === 'old' ? ['WX001', 'WX006'] : ['ERR_ENVELOPE_CHANGED', 'ERR_PLAINTEXT_REFUSED']
    if (refused.includes(String(driverError?.code ?? code))) return false
    throw error
  }
}

const step = fc.record<Step>({
  by: fc.constantFrom('old', 'adopt-read', 'adopt-write'),
  row: fc.nat(ROWS - 1),
  field: fc.constantFrom(...NAMES),
  verb: fc.constantFrom('save', 'updateEncrypted', 'clear'),
})

test('processes of each stage write the same rows: each row reads as somebody wrote it, the same in every mode', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 4, maxLength: 16 }), async (steps) => {
      const ids: string[] = []
      const written = new Map<string, Set<string | null>>()
      const valuesOf = (id: string, field: Name) => {
        const key = `${id} ${field}`
        if (!written.has(key)) written.set(key, new Set())
        return written.get(key) as Set<string | null>
      }
      for (let n = 0; n < ROWS; n++) {
        const first = { tenantId: randomUUID(), password: 'first', token: 'first', note: 'first', hint: 'first' }
        const { id } = await old.getRepository(OldAccount).save(first)
        ids.push(id)
        for (const field of NAMES) valuesOf(id, field).add('first')
      }
      await Promise.all(
        steps.map(async (each) => {
          const id = ids[each.row] as string
          const value = `v-${randomUUID()}`
          if (await run(each, id, value)) {
            valuesOf(id, each.field).add(each.verb === 'clear' && each.field !== 'password' ? null : value)
          }
        }),
      )
      for (const id of ids) {
        const seen = await Promise.all(
          Object.values(repositories).map(async (repository) => {
            const query = (repository as Repository<Account>).createQueryBuilder('a').addSelect('a.hint').where({ id })
            const [{ fields, error } = { fields: {}, error: undefined }] = await decryptAll(
              repository as Repository<Account>,
              await query.getMany(),
            )
            if (error) throw error
            return fields as Record<Name, unknown>
          }),
        )
        expect(seen[0]).toEqual(seen[1])
        for (const field of NAMES) expect([...valuesOf(id, field)]).toContain(seen[0]?.[field])
        // Beside their columns, the fields are what the columns say.
        const stored = await table.stored(id)
        expect(stored).toMatchObject({ password: seen[0]?.password, token: seen[0]?.token })
      }
    }),
    { numRuns: 15 },
  )
})
