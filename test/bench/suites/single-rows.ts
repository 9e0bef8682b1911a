import { randomUUID } from 'node:crypto'
import { EnvelopeCipher } from 'waxseal'
import { behindNetwork } from '../database/behind-network.js'
import { encryptedDataSource, newCredential, plainDataSource, startDatabases } from '../database/data-sources.js'
import { Credential, PlainCredential } from '../database/entities.js'
import { type Comparison, compare } from '../harness/compare.js'
import type { Figure } from '../harness/figure.js'
import { oneByOne, wallTime } from '../harness/rounds.js'
import { localProvider, secretText } from './credential.js'
import { cycle } from './envelopes.js'

const ROWS = 100

/** One row at a time, over a network with a round trip of 1 ms, in time on the clock: what a request waits for. */
export async function singleRows(): Promise<Figure[]> {
  const provider = localProvider()
  const cipher = new EnvelopeCipher({ provider })
  const databases = await startDatabases(cipher, ROWS)
  const network = await behindNetwork(databases.url)
  const encrypted = await encryptedDataSource(network.url, cipher, Credential)
  const uncached = await encryptedDataSource(network.url, new EnvelopeCipher({ provider, cache: false }), Credential)
  const plain = await plainDataSource(network.url)
  const credentials = encrypted.getRepository(Credential)
  const plainCredentials = plain.getRepository(PlainCredential)

  const ids = (await plainCredentials.find({ select: { id: true } })).map(({ id }) => id)
  const nextId = { ours: cycle(ids), plain: cycle(ids), uncached: cycle(ids) }
  const row = { ours: cycle(await credentials.find()), plain: cycle(await plainCredentials.find()) }
  // What stands in the columns of the one is what the other is given as its values.
  const bytes = cycle(
    (await plainCredentials.find()).map(({ password, encryptionMetadata }) => ({ password, encryptionMetadata })),
  )

  const readPlain = {
    name: 'read, plain',
    run: oneByOne(() => plainCredentials.findOneByOrFail({ id: nextId.plain() })),
  }
  const comparisons: Comparison[] = [
    {
      id: 'read-warm',
      title: 'findOneBy(), data key cached',
      goal: { atMost: 1.05 },
      base: readPlain,
      run: oneByOne(() => credentials.findOneByOrFail({ id: nextId.ours() })),
    },
    {
      id: 'read-cold',
      title: 'findOneBy(), data key unwrapped locally',
      base: readPlain,
      run: oneByOne(() => uncached.getRepository(Credential).findOneByOrFail({ id: nextId.uncached() })),
    },
    {
      id: 'save-new',
      title: 'save() of a new row',
      goal: { atMost: 1.05 },
      base: {
        name: 'save new, plain',
        run: oneByOne(() => plainCredentials.save({ id: randomUUID(), tenantId: randomUUID(), ...bytes() })),
      },
      run: oneByOne(() => credentials.save(newCredential())),
    },
    {
      id: 'save-change',
      title: 'save() of a changed secret',
      goal: { atMost: 1.05 },
      base: {
        name: 'save change, plain',
        run: oneByOne(() => plainCredentials.save(Object.assign(row.plain(), bytes()))),
      },
      run: oneByOne(() => credentials.save(Object.assign(row.ours(), { password: secretText() }))),
    },
  ]
  // Operation by operation in turns: a slice of several would be as slow as its slowest.
  const figures = await compare(comparisons, { rounds: 201, sliceMs: 1, stopwatch: wallTime })
  await Promise.all([encrypted, uncached, plain].map((each) => each.destroy()))
  network.stop()
  await databases.stop()
  return figures
}
