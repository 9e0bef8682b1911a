import { randomUUID } from 'node:crypto'
import { expect } from '@jest/globals'
import pg from 'pg'
import { prepareAdoption } from '../../src/adoption/prepare.js'
import { runAdoption, verifyAdoption } from '../../src/adoption/run-adoption.js'
import { isWaxsealError } from '../../src/index.js'
import { installSchema } from '../../src/lifecycle/index.js'
import { protectedTablesOf } from '../../src/typeorm/index.js'
import type { FreshDatabase } from '../setup/database.js'
import { Account, LegacyTable } from '../typeorm/adoption/legacy-account.js'
import { type EncryptedDataSource } from '../typeorm/data-source.js'

const TENANT = '018f0000-0000-7000-8000-000000000000'
const WRITERS = 2

/**
 * A table of `rows` that an application of before filled, adopted by two processes while applications of both stages save,
 * insert and delete. Then everything opens, nothing is plaintext, and every value that was saved last is read.
 */
export async function adoptUnderLoad(database: FreshDatabase, rows: number): Promise<void> {
  const legacy = await LegacyTable.create(database)
  const pool = new pg.Pool({ connectionString: database.url, max: 8 })
  pool.on('error', () => undefined)
  try {
    await database.client.query('BEGIN')
    await installSchema(database.client)
    await database.client.query('COMMIT')
    // In SQL, as the application of before would have written them over years.
    await database.client.query(
      `INSERT INTO account (id, "tenantId", password, settings, token, note)
        SELECT gen_random_uuid(), $1, 'password ' || n, jsonb_build_object('n', n), CASE WHEN n % 2 = 0 THEN 'token ' || n END,
          CASE WHEN n % 3 = 0 THEN 'note ' || n END FROM generate_series(1, $2::int) AS n`,
      [TENANT, rows],
    )
    // No log: it would keep every statement of the writers.
    const stages = [
      await legacy.start('adopt-read', { fleet: 'require' }, {}),
      await legacy.start('adopt-write', { fleet: 'require' }, {}),
    ]
    const [table] = protectedTablesOf(stages[0]!.dataSource)
    await prepareAdoption(database.client, table!)
    const work = { cipher: stages[0]!.cipher, pool, concurrency: 16 }

    const saved = new Map<string, string>()
    let ended = false
    const writers = stages.flatMap(({ dataSource }, stage) =>
      Array.from({ length: WRITERS }, (_, n) => write(dataSource, `${stage} ${n}`, saved, () => ended)),
    )
    const reports = await Promise.all([
      runAdoption(table!, { ...work, processes: 2 }),
      runAdoption(table!, { ...work, processes: 2 }),
    ])
    ended = true
    await Promise.all(writers)
    for (const { objections, failed } of reports) expect({ objections, failed }).toEqual({ objections: [], failed: 0 })

    // What `adopt-read` inserted since.
    await stages[0]!.dataSource.destroy()
    expect(await runAdoption(table!, work)).toMatchObject({ objections: [], failed: 0 })
    const { counts, failed } = await verifyAdoption(table!, work)
    expect({ plaintext: counts.plaintext ?? 0, failed }).toEqual({ plaintext: 0, failed: 0 })
    const repository = stages[1]!.dataSource.getRepository(Account)
    for (const [id, password] of [...saved].slice(-200)) {
      expect(await repository.findOneByOrFail({ id })).toMatchObject({ password })
    }
  } finally {
    await legacy.close()
    await pool.end()
  }
}

/** Saves, inserts and deletes until the adoption has ended. A lost race is said to be one, and tried again. */
async function write(
  dataSource: EncryptedDataSource['dataSource'],
  name: string,
  saved: Map<string, string>,
  isOver: () => boolean,
) {
  const repository = dataSource.getRepository(Account)
  for (let n = 0; !isOver(); n++) {
    const password = `${name} ${n}`
    const created = await repository.save({
      tenantId: TENANT,
      password,
      settings: { n },
      token: null,
      note: null,
      hint: null,
    })
    saved.set(created.id, password)
    const [found] = await repository
      .createQueryBuilder('account')
      .where('account.id > :id', { id: randomUUID() })
      .orderBy('account.id')
      .limit(1)
      .getMany()
    if (!found) continue
    found.password = `${password} changed`
    try {
      await repository.save(found)
      saved.set(found.id, found.password)
    } catch (error) {
      if (!isWaxsealError(error) || !error.retryable) throw error
    }
    if (n % 5 === 4) {
      await repository.delete({ id: created.id })
      saved.delete(created.id)
    }
  }
}
