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
    { rounds: 21, sliceMs: 30 },
  )
  await databases.stop()
  const [base, again, unread, warm, cold] = ['plain', 'plain again', 'lazy', 'warm', 'cold'].map(
    (name) => samples[name]!,
  )
  const over = (id: string, title: string) => ({ id, title: `find() of 1,000 rows${title}` })
  const each = (id: string, title: string, atMost: number) => ({
    id,
    title: `one row of those, ${title}`,
    goal: { atMost },
  })
  return [
    ratio({ ...over('list-lazy', ' with a lazy field, not read'), goal: { atMost: 1.03 } }, unread!, base!),
    ratio(over('list-warm-ratio', ', all decrypted, data keys cached'), warm!, base!),
    added(each('list-warm', 'over a plain row, data keys cached', 9), warm!, base!, ROWS),
    ratio(over('list-cold-ratio', ', all decrypted, data keys unwrapped locally'), cold!, base!),
    added(each('list-cold', 'over a plain row, data keys unwrapped locally', 15), cold!, base!, ROWS),
    ratio(over('list-noise', ' without encryption against itself'), again!, base!),
  ]
}
