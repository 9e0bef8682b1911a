import { type Figure, type Goal, isMet } from '../harness/figure.js'

/** One line for a terminal. */
export function describeFigure(figure: Figure): string {
  const verdict = figure.goal ? `${goalText(figure.goal, figure.unit)}: ${isMet(figure) ? 'met' : 'missed'}` : ''
  const middle = `[${digits(figure.low)} to ${digits(figure.high)}]`
  return `${valueText(figure).padStart(16)} ${middle.padEnd(18)} ${figure.title.padEnd(70)} ${verdict}`
}

/** What was added to something says as well how many times as long it takes now. */
export function valueText({ value, unit, took }: Pick<Figure, 'value' | 'unit' | 'took'>): string {
  const times = unit === 'µs' && took ? ` (${digits(1 + value / took.base)}×)` : ''
  return withUnit(digits(value), unit) + times
}

export function goalText(goal: Goal, unit: Figure['unit']): string {
  if ('atLeast' in goal) return `≥ ${withUnit(`${goal.atLeast}`, unit)}`
  const share = goal.orShare === undefined ? '' : ` or ${goal.orShare * 100} %`
  return `≤ ${withUnit(`${goal.atMost}`, unit)}${share}`
}

const withUnit = (digits: string, unit: Figure['unit']) => (unit === '×' ? `${digits}×` : `${digits} ${unit}`)

export function digits(value: number): string {
  return value.toFixed(Math.abs(value) >= 100 ? 0 : Math.abs(value) >= 10 ? 1 : 2)
}
