import { test } from '@jest/globals'
import { freshDatabase } from '../setup/database.js'
import { adoptUnderLoad } from '../typeorm/adoption/adopting-under-load.js'

test('100,000 rows are adopted while applications of both stages write them', async () => {
  const database = await freshDatabase()
  try {
    await adoptUnderLoad(database, 100_000)
  } finally {
    await database.drop()
  }
})
