import { test } from '@jest/globals'
import { freshDatabase } from '../setup/database.js'
import { adoptUnderLoad } from './adopting.js'

/** 100,000 in `npm run test:scale`. */
const rows = Number(process.env.WAXSEAL_SCALE_ROWS ?? 400) / 2

test('a table is adopted while applications of both stages write it', async () => {
  const database = await freshDatabase()
  try {
    await adoptUnderLoad(database, rows)
  } finally {
    await database.drop()
  }
}, 3_600_000)
