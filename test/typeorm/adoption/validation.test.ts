import { describe } from '@jest/globals'
import { encryptedColumn } from '../../../src/typeorm/index.js'
import { credential, startSuite } from '../start-suite.js'
import { READERS, UNTIL } from './legacy-account.js'

const { refuses } = startSuite()

const reader = {
  name: 'flagged',
  columns: ['is_encrypted'],
  authenticates: true,
  recognizes: () => false,
  read: () => undefined,
}

describe('an adopted field', () => {
  refuses({
    'whose column so far is mapped by another property': [
      () =>
        credential({
          old: { type: 'text', nullable: true },
          adopted: encryptedColumn({ nullable: true, adopt: { source: 'old', readers: READERS } }),
        }),
      /credential\.adopted: "source" is also the column of old; leave that property out/,
    ],
    'whose reader looks at a column that is not mapped': [
      () =>
        credential({
          adopted: encryptedColumn({ nullable: true, adopt: { source: 'old', readers: [{ reader, until: UNTIL }] } }),
        }),
      /a reader looks at the column "is_encrypted"; map it in the entity/,
    ],
  })
})
