import { startDatabases } from '../database/data-sources.js'
import { Credential, LazyCredential, PlainCredential } from '../database/entities.js'
import { added, type Figure, ratio } from '../harness/figure.js'
import { measureRounds, oneByOne } from '../harness/rounds.js'
import { localCipher } from './credential.js'

const ROWS = 1_000

/** `find()` of 1,000 rows, in time on the CPU: what a list costs when nothing is read of it, and when every secret is. */
export async function lists(): Promise<Figure[]> {
  const cipher = localCipher()
  const databases = await startDatabases(cipher, ROWS)
  const plain = databases.plain.getRepository(PlainCredential)
  const encrypted = databases.encrypted.getRepository(Credential)
  const lazy = databases.lazy.getRepository(LazyCredential)
  const samples = await measureRounds(
    [
      { name: 'plain', run: oneByOne(() => plain.find()) },
      { name: 'plain again', run: oneByOne(() => plain.find()) },
      { name: 'lazy', run: oneByOne(() => lazy.find()) },
      { name: 'warm', run: oneByOne(() => encrypted.find()) },
      {
        name: 'cold',
        run: oneByOne(() => {
          cipher.forgetAll()
          return encrypted.find()
        }),
      },
    ],
    { rounds: 31, sliceMs: 40 },
  )
  await databases.stop()
  const [base, again, unread, warm, cold] = ['plain', 'plain again', 'lazy', 'warm', 'cold'].map(
    (name) => samples[name]!,
  )
  return [
    ratio(
      { id: 'list-lazy', title: 'find() of 1,000 rows with a lazy field, not read', goal: { atMost: 1.03 } },
      unread!,
      base!,
    ),
    added(
      { id: 'list-warm', title: 'decrypting one row of a find() of 1,000, data keys cached', goal: { atMost: 9 } },
      warm!,
      base!,
      ROWS,
    ),
    added(
      {
        id: 'list-cold',
        title: 'decrypting one row of a find() of 1,000, data keys unwrapped locally',
        goal: { atMost: 15 },
      },
      cold!,
      base!,
      ROWS,
    ),
    ratio({ id: 'list-noise', title: 'the unencrypted find() against itself' }, again!, base!),
  ]
}
