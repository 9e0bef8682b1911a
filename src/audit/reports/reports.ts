import { access } from './access.js'
import { clock } from './clock.js'
import { controlFailures } from './control-failures.js'
import { coverage } from './coverage.js'
import { denied } from './denied.js'
import { logIntegrity } from './integrity.js'
import { keyInventory } from './key-inventory.js'
import { keyStates } from './key-states.js'
import type { ReportDefinition } from './report.js'
import { retentionReport } from './retention.js'
import { rotations } from './rotations.js'
import { unaccounted } from './unaccounted.js'

export const reports: readonly ReportDefinition[] = [
  keyInventory,
  rotations,
  access,
  keyStates,
  unaccounted,
  logIntegrity,
  retentionReport,
  clock,
  controlFailures,
  denied,
  coverage,
]
