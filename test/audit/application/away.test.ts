import { expect, test } from '@jest/globals'
import { type LedgerProblem, openAuditLogger, withActor } from '../../../src/audit/index.js'
import { useLedger } from '../ledger/ledger-suite.js'

const suite = useLedger()

async function eventsOf(label: string): Promise<Record<string, unknown>[]> {
  const { rows } = await suite.database.client.query(
    `SELECT event.* FROM waxseal.application_event event
      JOIN waxseal.ledger_writer writer ON writer.id = event.writer WHERE writer.label = $1`,
    [label],
  )
  return rows
}

test('while Postgres is away, events are in a journal; once it is back they are stored and marked', async () => {
  const { proxy, connection } = await suite.proxied()
  const problems: LedgerProblem[] = []
  const onProblem = (problem: LedgerProblem) => void problems.push(problem)
  const logger = await openAuditLogger({ connection, journal: suite.folder(), label: 'away', onProblem })
  proxy.shut()
  await withActor({ actor: 'alice' }, () => logger.log('tool', { action: 'run', outcome: 'success', row: 'a\0' }))
  expect(problems).toMatchObject([{ kind: 'away' }])
  expect(logger.health).toEqual({ ok: true, pending: 0 })
  expect(await eventsOf('away')).toEqual([])
  proxy.open()
  await logger.close()
  expect(await eventsOf('away')).toMatchObject([
    { action: 'run', actor: 'alice', row_key: 'a\ufffd', journalled: true },
  ])
})

test('an event whose answer is lost is stored once', async () => {
  const { proxy, connection } = await suite.proxied()
  const logger = await openAuditLogger({ connection, label: 'cut' })
  for (const when of ['before', 'after'] as const) {
    proxy.cut('INSERT INTO waxseal.application_event', when)
    await logger.log('key', { action: 'rotate', outcome: 'success' })
  }
  await logger.close()
  expect(await eventsOf('cut')).toHaveLength(2)
})

test('where the tables are not for this role, there is no logger', async () => {
  const connection = new URL(suite.database.url)
  connection.pathname = '/none-of-this-name'
  await expect(openAuditLogger({ connection: connection.href })).rejects.toMatchObject({ code: 'ERR_CONFIGURATION' })
})
