import type { Scenario } from '../scenario.js'
import { configurations } from './configurations.js'
import { databaseFailures, kmsFailures, unreadableRows } from './failures.js'
import { reads } from './reads.js'
import { refusals, refusedByGuard, refusedConditionsInSql } from './refusals.js'
import { writes, writesOfEncryptedValues } from './writes.js'

export const allScenarios: readonly Scenario[] = [
  ...writes,
  ...writesOfEncryptedValues,
  ...reads,
  ...refusals,
  ...refusedConditionsInSql,
  ...refusedByGuard,
  ...databaseFailures,
  ...kmsFailures,
  ...unreadableRows,
  ...configurations,
]
