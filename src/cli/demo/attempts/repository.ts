import { type Attempt, REFUSED } from './attempt.js'

/** Through the repository, where an application would try first. */
export const repositoryAttempts: readonly Attempt[] = [
  {
    name: 'repository.update()',
    stoppedBy: [REFUSED],
    run: ({ repository, row }, canary) => repository.update(row.id, { secret: canary }),
  },
  {
    name: 'repository.upsert()',
    stoppedBy: [REFUSED],
    run: ({ repository, row }, canary) => repository.upsert({ ...row, secret: canary }, ['id']),
  },
  {
    name: 'save() with listeners: false',
    stoppedBy: [REFUSED],
    run: ({ repository, row }, canary) => repository.save({ ...row, secret: canary }, { listeners: false }),
  },
  {
    name: 'insert() of a function value',
    stoppedBy: [REFUSED],
    run: ({ repository, row: { id: _, ...row } }, canary) => repository.insert({ ...row, secret: () => `'${canary}'` }),
  },
  {
    name: 'DataSource without withEncryption()',
    stoppedBy: [REFUSED],
    run: ({ bare, row }, canary) => bare.save({ ...row, secret: canary }),
  },
]
