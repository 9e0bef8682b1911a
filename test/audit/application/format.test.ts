import { PassThrough } from 'node:stream'
import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import type { ApplicationEvent } from '../../../src/audit/application/application-event.js'
import { FORMATS } from '../../../src/audit/application/format.js'
import { StreamSink } from '../../../src/audit/application/sink.js'
import { loggerSuite } from './logger-suite.js'

const event: ApplicationEvent = {
  ...{ id: '01890000-0000-7000-8000-000000000000', occurredAt: new Date('2026-05-10T10:00:00.123Z') },
  ...{ category: 'credential', action: 'read', outcome: 'denied', reason: 'ERR_KMS_ACCESS_DENIED' },
  actor: { actor: 'alice', tenant: 't 1', requestId: 'r-1' },
  ...{ entity: 'account', row: '7', envelope: 'e-1', kek: { provider: 'aws', id: 'k-1', version: '1' } },
  detail: { rows: 3, dry_run: false },
}

test('json: one line with the names of the columns', () => {
  expect(JSON.parse(FORMATS.json(event))).toEqual({
    ...{ id: event.id, occurred_at: '2026-05-10T10:00:00.123Z', category: 'credential', action: 'read' },
    ...{ outcome: 'denied', reason: 'ERR_KMS_ACCESS_DENIED', actor: 'alice', tenant: 't 1', request: 'r-1' },
    ...{ entity: 'account', row_key: '7', envelope: 'e-1' },
    ...{ kek_provider: 'aws', kek_id: 'k-1', kek_version: '1', detail: { rows: 3, dry_run: false } },
  })
})

test('human: one line to read', () => {
  expect(FORMATS.human(event)).toBe(
    '2026-05-10T10:00:00.123Z credential/read denied (ERR_KMS_ACCESS_DENIED) by alice tenant="t 1" request=r-1 ' +
      'entity=account row=7 envelope=e-1 kek=aws:k-1@1 rows=3 dry_run=false',
  )
})

describe.each(['json', 'human', 'ocsf'] as const)('%s', (name) => {
  test('whatever a caller writes of himself stays in its line and moves no terminal', () => {
    const hostile = fc.string({ unit: 'binary', minLength: 1 })
    fc.assert(
      fc.property(hostile, hostile, (text, detail) => {
        const line = FORMATS[name]({ ...event, row: text, actor: { actor: text }, detail: { target: detail } })
        // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what may not be there
        expect(line).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/)
      }),
    )
  })
})

describe('a stream', () => {
  const suite = loggerSuite()

  test('gets each event as a line, after it was stored', async () => {
    const stream = new PassThrough({ encoding: 'utf8' })
    await using logger = await suite.logger({ stream, format: 'human' })
    await logger.log('tool', { action: 'run', outcome: 'success' })
    await logger.close()
    expect(stream.read()).toMatch(/^\S+Z tool\/run success by \?\n$/)
    expect(await suite.events()).toHaveLength(1)
  })

  test('one that takes no more is waited for, and one that is gone is left alone', async () => {
    const stream = new PassThrough({ highWaterMark: 1, encoding: 'utf8' })
    const sink = new StreamSink(stream, () => 'a line')
    const writing = sink.write([event])
    stream.resume()
    await writing
    const stuck = new PassThrough({ highWaterMark: 1 })
    const left = new StreamSink(stuck, () => 'a line').write([event])
    stuck.destroy(new Error('gone'))
    await left
    await new StreamSink(stuck, () => 'a line').write([event])
  })
})
