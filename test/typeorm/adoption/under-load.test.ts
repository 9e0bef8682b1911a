import { test } from '@jest/globals'
import { freshDatabase } from '../../setup/database.js'
import { adoptUnderLoad } from './adopting-under-load.js'

test('a table is adopted while applications of both stages write it: `npm run test:scale` has more rows', async () => {
  const database = await freshDatabase()
  try {
    await adoptUnderLoad(database, 200)
  } finally {
    await database.drop()
  }
})
