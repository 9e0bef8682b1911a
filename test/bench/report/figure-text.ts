import { type Figure, type Goal, isMet } from '../harness/figure.js'

/** One line for a terminal. */
export function describeFigure(figure: Figure): string {
  const verdict = figure.goal ? `${goalText(figure.goal, figure.unit)}: ${isMet(figure) ? 'met' : 'missed'}` : ''
  const middle = `[${digits(figure.low)} to ${digits(figure.high)}]`
  return `${valueText(figure).padStart(10)} ${middle.padEnd(18)} ${figure.title.padEnd(70)} ${verdict}`
}

export function valueText({ value, unit }: Pick<Figure, 'value' | 'unit'>): string {
  return withUnit(digits(value), unit)
}

export function goalText(goal: Goal, unit: Figure['unit']): string {
  return 'atMost' in goal ? `≤ ${withUnit(`${goal.atMost}`, unit)}` : `≥ ${withUnit(`${goal.atLeast}`, unit)}`
}

const withUnit = (digits: string, unit: Figure['unit']) => (unit === '×' ? `${digits}×` : `${digits} ${unit}`)

export function digits(value: number): string {
  return value.toFixed(Math.abs(value) >= 100 ? 0 : Math.abs(value) >= 10 ? 1 : 2)
}
