import { isDeepStrictEqual } from 'node:util'
import type { Repository } from 'typeorm'
import type { Row } from '../attempts/attempt.js'
import { newRow, rowsOf } from '../attempts/targets.js'
import type { DemoRun } from '../demo-run.js'
import { PlainTwin, ShopCredential } from '../entities.js'
import { shopApiKey } from '../generated-secrets.js'
import { type KmsCalls, type Measurement, measure, type Operation } from '../measurement.js'
import type { Store } from '../store.js'
import { count, counted, duration } from '../text.js'
import type { Claim } from '../verdict.js'
import type { LoadFacts } from './load.js'
import type { RotateFacts } from './rotate.js'

export interface MeasureFacts {
  readonly operations: readonly Measurement[]
  readonly claims: readonly Claim[]
}

const MOST = 1_000

/** Calls to the KMS for each operation of the ORM, which are promised, and times, which are not. */
export async function measureOperations(
  run: DemoRun,
  store: Store,
  { load, rotate }: { load: LoadFacts; rotate: RotateFacts },
): Promise<MeasureFacts> {
  const { screen, keys } = run
  screen.heading('KMS calls and time for each operation')
  const operations: Measurement[] = [insertOfAll(load)]
  for (const operation of await operationsOf(run, store)) operations.push(await measure(operation, keys.ledger))
  operations.push(rotationOfAll(rotate))
  screen.table(['operation', 'KMS calls', 'time', 'unencrypted', 'ratio'], operations.map(cellsOf))
  screen.note(
    'The fastest of a few runs, in turns with the same on the twin. Machines are noisy and this KEK is local: read the ' +
      'ratios as orders of magnitude, and add a round trip for each call to a KMS in a network.',
  )
  const claims = operations.map(({ name, kmsCalls, promised }) => {
    return { claim: `KMS calls, ${name}: ${callsIn(promised)}`, held: isDeepStrictEqual(kmsCalls, promised) }
  })
  return { operations, claims }
}

function cellsOf({ name, kmsCalls, ms, twinMs }: Measurement): string[] {
  const compared = twinMs === undefined ? ['–', '–'] : [duration(twinMs), `${(ms / twinMs).toFixed(1)} ×`]
  return [name, callsIn(kmsCalls), duration(ms), ...compared]
}

async function operationsOf({ keys, expected }: DemoRun, store: Store): Promise<Operation[]> {
  const [protectedRows, twins] = [rowsOf(store, ShopCredential), rowsOf(store, PlainTwin)]
  const id = (await protectedRows.save(newRow() as Row)).id
  const twinId = (await twins.save(newRow() as Row)).id
  const number = Math.min(MOST, expected.size)
  const cold = () => keys.after.forgetAll()

  const both = (run: (repository: Repository<Row>, id: string) => Promise<unknown>) => ({
    encrypted: () => run(protectedRows, id),
    twin: () => run(twins, twinId),
  })
  const change = (values: () => Partial<Row>) =>
    both(async (repository, key) =>
      repository.save({ ...(await repository.findOneByOrFail({ id: key })), ...values() }),
    )
  const findMany = both((repository) => repository.find({ take: number, order: { id: 'ASC' } }))
  const findOne = both((repository, key) => repository.findOneByOrFail({ id: key }))
  // One of two fields: the other ciphertext stays, and with it the data key.
  const oneField = change(() => ({ webhookSecret: shopApiKey() }))

  return [
    {
      name: 'insert a row',
      times: 15,
      kmsCalls: { generateDataKey: 1 },
      ...both((repository) => repository.save(newRow() as Row)),
    },
    { name: 'find a row, warm', times: 25, kmsCalls: {}, ...findOne },
    { name: 'find a row, cold', times: 25, kmsCalls: { unwrap: 1 }, prepare: cold, ...findOne },
    { name: `find ${counted(number, 'row')}, warm`, times: 5, kmsCalls: {}, ...findMany },
    {
      name: `find ${counted(number, 'row')}, cold`,
      times: 3,
      kmsCalls: { unwrap: number },
      prepare: cold,
      ...findMany,
    },
    { name: 'find, save unchanged, warm', times: 15, kmsCalls: {}, ...change(() => ({})) },
    { name: 'find, save unchanged, cold', times: 15, kmsCalls: { unwrap: 1 }, prepare: cold, ...change(() => ({})) },
    { name: 'find, change one field, warm', times: 15, kmsCalls: {}, ...oneField },
    { name: 'find, change one field, cold', times: 15, kmsCalls: { unwrap: 1 }, prepare: cold, ...oneField },
    {
      name: 'find, change all fields, warm',
      times: 15,
      kmsCalls: { generateDataKey: 1 },
      ...change(() => ({ secret: shopApiKey(), webhookSecret: shopApiKey() })),
    },
  ]
}

/** Measured when they were loaded. */
function insertOfAll({ credentials, kmsCalls, insertMs, twinInsertMs }: LoadFacts): Measurement {
  const promised = { generateDataKey: credentials }
  return { name: `insert ${counted(credentials, 'row')}`, kmsCalls, promised, ms: insertMs, twinMs: twinInsertMs }
}

/** The unwrap is the proof. Look-ups of the current KEK are left out: a provider keeps what its KMS has told. */
function rotationOfAll({ rewrapped, kmsCalls, ms }: RotateFacts): Measurement {
  const { currentKek: _, ...calls } = kmsCalls
  return {
    name: `rotate ${counted(rewrapped, 'row')}`,
    kmsCalls: calls,
    promised: { rewrap: rewrapped, unwrap: rewrapped },
    ms,
  }
}

function callsIn(calls: KmsCalls): string {
  const named = Object.entries(calls).map(([call, number]) => (number === 1 ? call : `${count(number)} × ${call}`))
  return named.join(' + ') || 'none'
}
