import type { Section } from '../cases.js'
import { sql, tampering } from './beyond.js'
import { cachedConditions, cachedInTable, nullConditions, objectConditions, stringConditions } from './conditions.js'
import { copies } from './copies.js'
import { declarations } from './declarations.js'
import { cachedReads, finds, otherCachedReads, readsWithoutSubscriber, relations, withoutHooks } from './reads.js'
import { arithmetic, expressions, otherJson, otherTypes, updates, upserts, withoutListeners } from './refused.js'
import { encryptedValues, otherSubscribers, withoutEncryption, withoutSubscribers } from './values.js'
import { inserts, kept, own, relatedWrites, replicated, saves } from './writes.js'

/** In the order of the page. */
export const sections: readonly Section[] = [
  saves,
  inserts,
  relatedWrites,
  own,
  kept,
  updates,
  upserts,
  withoutListeners,
  expressions,
  arithmetic,
  otherTypes,
  otherJson,
  encryptedValues,
  otherSubscribers,
  sql,
  tampering,
  objectConditions,
  nullConditions,
  stringConditions,
  copies,
  cachedConditions,
  cachedInTable,
  replicated,
  withoutEncryption,
  withoutSubscribers,
  declarations,
  finds,
  relations,
  withoutHooks,
  cachedReads,
  otherCachedReads,
  readsWithoutSubscriber,
]
