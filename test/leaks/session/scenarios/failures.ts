import { randomUUID } from 'node:crypto'
import type { EventEmitter } from 'node:events'
import {
  answerWithOtherDataKey,
  answerWithOtherKek,
  deny,
  type Fault,
  failWithServerError,
  hang,
  loseReply,
  throttle,
  truncateWrapped,
} from '../../../../src/testing/faults.js'
import { filled, type Scenario, scenarios, tenantId } from '../scenario.js'
import { untilDone } from '../until-done.js'
import type { World } from '../world.js'

/** Statements that Postgres refuses for reasons of its own, with what they carried in the error. */
export const databaseFailures = scenarios({
  async 'a unique violation by save()'({ credentials }, plaintext) {
    const name = randomUUID()
    await credentials.save({ tenantId, name })
    await credentials.save({ ...filled(plaintext), name })
  },
  async 'a unique violation by insert()'({ credentials }, plaintext) {
    const name = randomUUID()
    await credentials.save({ tenantId, name })
    await credentials.insert({ ...filled(plaintext), name } as never)
  },
  'a foreign key': ({ tokens }, plaintext) =>
    tokens.save({ value: plaintext, credential: { id: randomUUID() } } as never).then(() => undefined),
  'a value of another type': ({ credentials }, plaintext) =>
    credentials.insert({ ...filled(plaintext), deletedAt: 'never' } as never),
  async 'a connection that is cut in a transaction'({ dataSource, credentials }, plaintext) {
    await dataSource.transaction(async (manager) => {
      // TypeORM listens to the first error of a connection only, and Node ends the process at one that nobody hears.
      const client: EventEmitter = await manager.queryRunner!.connect()
      client.on('error', () => undefined)
      await manager.withRepository(credentials).save(filled(plaintext))
      await manager.query('select pg_terminate_backend(pg_backend_pid()), pg_sleep(60)')
    })
  },
  async 'a statement that takes too long'({ dataSource, credentials }, plaintext) {
    await dataSource.transaction(async (manager) => {
      const { id } = await manager.withRepository(credentials).save(filled(plaintext))
      await manager.query('set local statement_timeout = 1')
      await manager.query('select pg_sleep(60) where $1::text is not null', [id])
    })
  },
  async 'a trigger of theirs that prints the row'({ dataSource, credentials }, plaintext) {
    const { tableName } = credentials.metadata
    const [on, name] = [`"${tableName}"`, `"${tableName}_prints"`]
    await dataSource.query(
      `create or replace function ${name}() returns trigger language plpgsql as $$
         begin raise exception 'refused' using detail = new::text; end $$`,
    )
    await dataSource.query(`create trigger ${name} before insert on ${on} for each row execute function ${name}()`)
    try {
      await credentials.save(filled(plaintext))
    } finally {
      await dataSource.query(`drop trigger ${name} on ${on}`)
    }
  },
})

const FAULTS: Readonly<Record<string, () => Fault>> = {
  'access denied': deny,
  throttled: throttle,
  'a server error': failWithServerError,
  'a lost reply': loseReply,
  'another KEK in the reply': () => answerWithOtherKek({ id: 'another' }),
  'another data key in the reply': answerWithOtherDataKey,
  'a truncated wrap': () => truncateWrapped(),
  'no reply until the deadline': hang,
}

async function withFault({ kms, clock }: World, fault: Fault, operation: () => Promise<unknown>): Promise<void> {
  kms.faults.inject(fault)
  await untilDone(
    clock,
    operation().finally(() => kms.faults.clear()),
  )
}

/** What a KMS does wrong, on the way in and on the way out. */
export const kmsFailures: readonly Scenario[] = Object.entries(FAULTS).flatMap(([what, fault]) =>
  scenarios({
    [`save() with ${what}`]: (world, plaintext) =>
      withFault(world, fault(), () => world.credentials.save(filled(plaintext))),
    async [`find() with ${what}`](world, plaintext) {
      const { id } = await world.credentials.save(filled(plaintext))
      world.cipher.forgetAll()
      await withFault(world, fault(), () => world.credentials.findOneByOrFail({ id }))
    },
    async [`decrypt() with ${what}`](world, plaintext) {
      const { oauth } = await world.credentials.save({ tenantId, oauth: { access: plaintext } })
      world.cipher.forgetAll()
      await withFault(world, fault(), async () => (oauth as { decrypt?(): Promise<unknown> }).decrypt?.())
    },
  }),
)

const METADATA: Readonly<Record<string, string>> = {
  'a wrap of nobody': `jsonb_set(jsonb_set(encryption_metadata, '{wraps,0,dataKey}', '"AAAA"'), '{wrap}', '2')`,
  'a KEK of nobody': `jsonb_set(jsonb_set(encryption_metadata, '{wraps,0,kek,id}', '"nobody"'), '{wrap}', '2')`,
  'a data key that was shredded': `(encryption_metadata - 'wrap' - 'wraps') || '{"shredded":"receipt"}'`,
}

/** Rows that do not open. */
export const unreadableRows = scenarios(
  Object.fromEntries(
    Object.entries(METADATA).map(([what, expression]): [string, Scenario['run']] => [
      `a row with ${what}`,
      async ({ credentials, dataSource, cipher }, plaintext) => {
        const { id } = await credentials.save(filled(plaintext))
        const { tableName } = credentials.metadata
        await dataSource.query(`update "${tableName}" set encryption_metadata = ${expression} where id = $1`, [id])
        cipher.forgetAll()
        const { oauth } = await credentials.findOneByOrFail({ id })
        await (oauth as { decrypt?(): Promise<unknown> }).decrypt?.()
      },
    ]),
  ),
)
