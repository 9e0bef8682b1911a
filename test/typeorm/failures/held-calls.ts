import { setImmediate } from 'node:timers/promises'
import type { Fault } from '../../../src/testing/faults.js'

export interface HeldCalls {
  readonly fault: Fault
  readonly held: number
  /** Once as many calls are held. */
  arrived(count?: number): Promise<void>
  /** Lets them go on to the KMS, and those that are still to come. */
  release(): void
}

/** Calls to the KMS that wait until they are released. */
export function heldCalls(): HeldCalls {
  let isOpen = false
  const waiting: (() => void)[] = []
  return {
    get held() {
      return waiting.length
    },
    fault: {
      async transport(call, send) {
        if (!isOpen) await new Promise<void>((resolve) => waiting.push(resolve))
        return send(call.options)
      },
    },
    async arrived(count = 1) {
      while (waiting.length < count) await setImmediate()
    },
    release() {
      isOpen = true
      for (const go of waiting.splice(0)) go()
    },
  }
}
