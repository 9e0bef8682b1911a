import { afterAll, beforeAll } from '@jest/globals'
import pg from 'pg'
import type { FreshDatabase } from '../../setup/database.js'
import { databaseWithSchema } from '../../setup/database-with-schema.js'

/** A database with our schema for the tests of one file, and a pool for what mirrors into it. */
export function mirrorSuite() {
  let database: FreshDatabase
  let pool: pg.Pool
  beforeAll(async () => {
    database = await databaseWithSchema()
    pool = new pg.Pool({ connectionString: database.url })
  })
  afterAll(async () => {
    await pool.end()
    await database.drop()
  })
  return {
    get client() {
      return database.client
    },
    get pool() {
      return pool
    },
  }
}
