import type { KmsOperation } from '../kms/call-ledger.js'
import type { Fault } from './faults.js'

export interface FaultScope {
  /** Only calls of this operation. Default: all. */
  readonly operation?: KmsOperation
  /** Only so many calls. Default: until `clear()`. */
  readonly times?: number
}

interface PlannedFault {
  readonly fault: Fault
  readonly operation: KmsOperation | undefined
  left: number
}

/** Which calls go wrong, and how. Each call meets at most one fault: the earliest injected that concerns it. */
export class FaultPlan {
  #planned: PlannedFault[] = []

  inject(fault: Fault, scope: FaultScope = {}): void {
    this.#planned.push({ fault, operation: scope.operation, left: scope.times ?? Number.POSITIVE_INFINITY })
  }

  clear(): void {
    this.#planned = []
  }

  /** The fault that the next call of `operation` meets. */
  take(operation: KmsOperation): Fault | undefined {
    const planned = this.#planned.find((each) => each.left > 0 && (each.operation ?? operation) === operation)
    if (!planned) return undefined
    planned.left--
    return planned.fault
  }
}
