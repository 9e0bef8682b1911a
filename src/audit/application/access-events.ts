import type { AccessLog, DataKeyAccess } from '../../envelope/access-log.js'
import type { Described } from './application-event.js'

const ACTIONS = { cache: 'use-cached', unwrap: 'unwrap', generate: 'generate' } as const

/** The event of one use of a data key, which stands for so many. */
export function accessEvent({ source, envelope, binding, kek, end }: DataKeyAccess, standsFor: number): Described {
  return {
    ...{ category: 'access', action: ACTIONS[source], ...end, envelope, entity: binding.entity },
    ...(binding.row !== undefined && { row: binding.row }),
    ...(kek && { kek }),
    detail: source === 'cache' && standsFor > 1 ? { one_in: standsFor } : {},
  }
}

/** Tells `log` of one use from the cache in so many, and of everything else. */
export function sampled(log: AccessLog, oneIn: number): AccessLog {
  let fromCache = 0
  return {
    get full() {
      return log.full
    },
    room: () => log.room(),
    record(access) {
      if (access.source !== 'cache' || fromCache++ % oneIn === 0) log.record(access)
    },
  }
}
