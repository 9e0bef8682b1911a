/** One way in which a test server goes wrong. Each server says it in its vendor's own words and codes. */
export type ServerFault =
  /** The reply comes after so many milliseconds. */
  | { readonly fault: 'latency'; readonly ms: number }
  /** No reply, ever; the connection stays open. */
  | { readonly fault: 'hang' }
  /** The operation is done, and the connection breaks before its reply is sent. */
  | { readonly fault: 'lost reply' }
  | { readonly fault: 'server error' }
  /** Too many calls. `retryAfterMs` where the vendor has a way to say it. */
  | { readonly fault: 'throttle'; readonly retryAfterMs?: number }
  /** The identity may not do this. */
  | { readonly fault: 'deny' }
  /** The reply holds another data key than the one that was wrapped. */
  | { readonly fault: 'wrong key' }
  | VendorServerFault

/** What can go wrong at the KMS of some vendors alone; the server of another refuses to plan it. */
export type VendorServerFault =
  /** A field of a message is altered on its way: bytes in one bit, anything else is lost. By its name in the SDK. */
  | { readonly fault: 'corruption'; readonly of: 'request' | 'reply'; readonly field: string }
  /** This part of the KMS has not heard of the last change of the current version. */
  | { readonly fault: 'old version' }

export interface ServerFaultScope {
  /** Only calls of this operation, by the vendor's name of it. */
  readonly operation?: string
  /** Only calls of this identity. */
  readonly identity?: string
  /** Only so many calls. Default: until they are cleared. */
  readonly times?: number
}

export type PlannedServerFault = ServerFault & ServerFaultScope

const FAULTS: readonly string[] = ['latency', 'hang', 'lost reply', 'server error', 'throttle', 'deny', 'wrong key']
const MEMBERS: readonly string[] = ['fault', 'ms', 'retryAfterMs', 'of', 'field', 'operation', 'identity', 'times']

/** Which calls to a test server go wrong. A call meets the earliest that concerns it, and no other. */
export class ServerFaults {
  readonly #known: readonly string[]
  #planned: { readonly fault: PlannedServerFault; left: number }[] = []

  /** `vendors`: those that this server has beside the ones of every server. */
  constructor(vendors: readonly VendorServerFault['fault'][] = []) {
    this.#known = [...FAULTS, ...vendors]
  }

  /** Throws `TypeError` for a fault that there is not. */
  add(fault: PlannedServerFault): void {
    assertFault(fault, this.#known)
    this.#planned.push({ fault, left: fault.times ?? Number.POSITIVE_INFINITY })
  }

  clear(): void {
    this.#planned = []
  }

  take(operation: string, identity: string): ServerFault | undefined {
    const concerns = ({ fault, left }: { fault: PlannedServerFault; left: number }) =>
      left > 0 && (fault.operation ?? operation) === operation && (fault.identity ?? identity) === identity
    const planned = this.#planned.find(concerns)
    if (planned) planned.left--
    return planned?.fault
  }
}

function assertFault(fault: PlannedServerFault, known: readonly string[]): void {
  if (!known.includes(fault.fault)) throw new TypeError(`expected a fault of ${known.join(', ')}`)
  for (const member of Object.keys(fault)) {
    if (!MEMBERS.includes(member))
      throw new TypeError(`a fault has the members ${MEMBERS.join(', ')}; found "${member}"`)
  }
  for (const [member, value] of Object.entries(fault)) {
    if (typeof value === 'number' && !(Number.isSafeInteger(value) && value >= 0)) {
      throw new TypeError(`"${member}" must be a whole number`)
    }
  }
  if (fault.fault === 'latency' && typeof fault.ms !== 'number') throw new TypeError('latency needs "ms"')
  if (fault.fault === 'corruption' && !(['request', 'reply'].includes(fault.of) && typeof fault.field === 'string')) {
    throw new TypeError('corruption needs "of" (request or reply) and "field"')
  }
}
