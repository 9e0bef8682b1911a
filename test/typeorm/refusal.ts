import assert from 'node:assert/strict'
import { inspect } from 'node:util'
import { expect } from '@jest/globals'
import { dumpDatabase, expectNoTrace, type FreshDatabase } from '../setup/database.js'
import type { TypeormLog } from './typeorm-log.js'

export interface Witnesses {
  readonly database: FreshDatabase
  readonly log: TypeormLog
}

/** Everything that a logger could get out of an error: its own text, its causes, TypeORM's `driverError` and `parameters`. */
export function printed(error: unknown): string {
  const ways = [
    String(error),
    (error as Error | undefined)?.stack,
    JSON.stringify(error),
    inspect(error, { depth: Number.POSITIVE_INFINITY, showHidden: true, maxStringLength: null, maxArrayLength: null }),
  ]
  const inner = error as { cause?: unknown; driverError?: unknown; parameters?: unknown } | undefined
  for (const part of [inner?.cause, inner?.driverError, inner?.parameters]) {
    if (part !== undefined && part !== null) ways.push(JSON.stringify(part), inspect(part, { depth: 20 }))
  }
  return ways.join('\n')
}

/** The error of `run`, which has to fail. */
export async function failureOf(run: () => Promise<unknown>): Promise<Error & { code?: string }> {
  let result: unknown
  try {
    result = await run()
  } catch (error) {
    return error as Error & { code?: string }
  }
  assert.fail(`nothing refused it; the result was ${inspect(result, { depth: 2 })}`)
}

/** `run` fails with `code`, and the canary is nowhere: no table, no server log, no TypeORM log, no text of the error. */
export async function expectRefused(
  { database, log }: Witnesses,
  canary: string,
  run: () => Promise<unknown>,
  code = 'ERR_PLAINTEXT_REFUSED',
): Promise<Error> {
  const error = await failureOf(run)
  expect(error).toMatchObject({ code })
  expect(printed(error)).not.toContain(canary)
  expect(log.text).not.toContain(canary)
  await expectNoTrace(database.client, canary)
  return error
}

/**
 * `run` reaches the database, which refuses it by the rule `rule`: our typed error with `code`, nothing stored, and no
 * value in the error. What the statement's text held has been on the wire.
 */
export async function expectStoppedByGuard(
  { database }: Pick<Witnesses, 'database'>,
  canary: string,
  run: () => Promise<unknown>,
  { rule, code }: { readonly rule: string; readonly code: string },
): Promise<void> {
  const before = await dumpDatabase(database.client)
  const error = await failureOf(run)
  expect(error).toMatchObject({ code, message: expect.stringContaining(rule) })
  expect(printed(error)).not.toContain(canary)
  const after = await dumpDatabase(database.client)
  expect(after).not.toContain(canary)
  expect(after).toBe(before)
}
