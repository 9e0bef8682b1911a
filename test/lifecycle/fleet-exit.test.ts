import { fileURLToPath } from 'node:url'
import { expect, test } from '@jest/globals'
import { installSchema } from '../../src/lifecycle/index.js'
import { runNode } from '../setup/cli.js'
import { freshDatabase } from '../setup/database.js'
import { transpile } from '../setup/transpile.js'

test.each(['', '/nowhere'])('the fleet keeps no process alive, database%s reachable or not', async (suffix) => {
  const database = await freshDatabase()
  const transpiled = transpile(fileURLToPath(new URL('../../', import.meta.url)), 'test/lifecycle/exiting-process.ts')
  try {
    await installSchema(database.client)
    const env = { DATABASE_URL: database.url.replace(/\/[^/]*$/, (name) => suffix || name) }
    expect(await runNode([transpiled.file], { env })).toEqual({ status: 0, stdout: 'joined\n', stderr: '' })
  } finally {
    transpiled.remove()
    await database.drop()
  }
})

test('who waits for the end of its membership sees it, though nothing else keeps the process alive', async () => {
  const database = await freshDatabase()
  const transpiled = transpile(fileURLToPath(new URL('../../', import.meta.url)), 'test/lifecycle/exiting-process.ts')
  try {
    await installSchema(database.client)
    const env = { DATABASE_URL: database.url, LEAVES: 'yes' }
    expect(await runNode([transpiled.file], { env })).toEqual({ status: 0, stdout: 'joined\nleft\n', stderr: '' })
    expect((await database.client.query('SELECT FROM waxseal.process')).rows).toEqual([])
  } finally {
    transpiled.remove()
    await database.drop()
  }
})
