import type { AdoptionReport } from '../../adoption/index.js'
import { paint } from '../terminal.js'

const NEXT: Readonly<Record<string, string>> = {
  run: 'waxseal adopt verify',
  verify: 'waxseal adopt enforce, once no row is plaintext and none failed',
  'rollback --dry-run': 'waxseal adopt rollback --yes, once no row failed',
  rollback:
    'the rows are as they were; deploy the application without waxseal, then remove the guard: docs/adoption.md',
}

export function reportLines(
  step: string,
  { entity, objections, run, state, counts, failed }: AdoptionReport,
): string[] {
  if (objections.length > 0) {
    return [
      `${paint('red', '✗')} ${entity}`,
      ...objections.map((objection) => `  ${objection}`),
      '  → nothing was changed; mend it, and run this again',
    ]
  }
  const isDone = (state ?? 'finished') === 'finished' && failed === 0
  const counted = Object.entries(counts).filter(([, rows]) => rows > 0)
  return [
    `${isDone ? paint('green', '✓') : paint('red', '✗')} ${entity}: ${counted.map(([name, rows]) => `${rows} ${name}`).join(', ') || 'nothing to do'}`,
    ...(failed > 0 ? [`  ${failed} failed: waxseal runs failures ${run}`] : []),
    ...(state === 'running' ? ['  stopped; it goes on where it was when it is run again'] : []),
    ...(state === 'paused' ? [`  paused; go on with waxseal runs resume ${run}, and run it again`] : []),
    ...(state === 'cancelled' ? ['  cancelled; what was done stays done'] : []),
    ...(isDone ? [`  → ${NEXT[step]}`] : []),
  ]
}
