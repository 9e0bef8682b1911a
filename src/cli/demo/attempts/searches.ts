import { type Attempt, REFUSED } from './attempt.js'

/** A search by value finds nothing among ciphertexts, and TypeORM's query cache stores what was searched for. */
export const searchAttempts: readonly Attempt[] = [
  {
    name: 'find() by plaintext, cached',
    stoppedBy: [REFUSED],
    run: ({ repository }, canary) => repository.find({ where: { secret: canary }, cache: true }),
  },
  {
    name: 'where() by plaintext, cached',
    stoppedBy: [REFUSED],
    run: ({ repository }, canary) =>
      repository.createQueryBuilder('c').where('c.secret = :canary', { canary }).cache(true).getMany(),
  },
]
