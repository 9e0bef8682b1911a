/** One condition of a retirement. `unchecked` is no pass: nobody looked. */
export interface RetirementCheck {
  readonly name:
    | 'current'
    | 'census'
    | 'processes'
    | 'transactions'
    | 'census again'
    | 'runs'
    | 'replicas'
    | 'backups'
    | 'trail'
  readonly status: 'passed' | 'failed' | 'unchecked'
  /** What was seen: counts, names, instants; no value of a row. */
  readonly evidence: readonly string[]
}

export function passed(name: RetirementCheck['name'], ...evidence: string[]): RetirementCheck {
  return { name, status: 'passed', evidence }
}

export function failed(name: RetirementCheck['name'], ...evidence: string[]): RetirementCheck {
  return { name, status: 'failed', evidence }
}

export function unchecked(name: RetirementCheck['name'], ...evidence: string[]): RetirementCheck {
  return { name, status: 'unchecked', evidence }
}
