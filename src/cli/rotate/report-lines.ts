import type { RotationReport } from '../../rotation/index.js'
import { paint } from '../terminal.js'

export function isDone({ state, failed, restored }: RotationReport): boolean {
  return state === 'finished' && failed === 0 && restored === 0
}

export function reportLines(report: RotationReport): string[] {
  const { entity, run, state, rewrapped, compared, current, shredded, empty, failed, opened, restored } = report
  const others = Object.entries({ current, shredded, 'without an envelope': empty }).filter(([, rows]) => rows > 0)
  return [
    `${isDone(report) ? paint('green', '✓') : paint('red', '✗')} ${entity}: ${rewrapped} rewrapped; the field columns of ${compared} compared, before and after: none changed`,
    ...others.map(([what, rows]) => `  ${rows} ${what}`),
    ...(opened > 0 ? [`  the wraps of ${opened} opened; the old ones are thrown away`] : []),
    ...(restored > 0 ? [`  ${restored} have their old wraps again: a new one did not open`] : []),
    ...(failed > 0 ? [`  ${failed} failed: waxseal runs failures ${run}`] : []),
    ...(state === 'running' ? ['  not at its end; it goes on where it was when it is run again, or by a worker'] : []),
    ...(state === 'paused' ? [`  paused; go on with waxseal runs resume ${run}, and run it again`] : []),
    ...(state === 'cancelled' ? ['  cancelled; what was rewrapped stays so'] : []),
  ]
}
