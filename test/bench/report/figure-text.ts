import { type Figure, type Goal, isMet } from '../harness/figure.js'

/** One line for a terminal. */
export function describeFigure(figure: Figure): string {
  const verdict = figure.goal ? `${goalText(figure.goal, figure.unit)}: ${isMet(figure) ? 'met' : 'missed'}` : ''
  const middle = `[${valueText(figure.low)} to ${valueText(figure.high)}]`
  return `${valueText(figure.value, figure.unit).padStart(10)} ${middle.padEnd(18)} ${figure.title.padEnd(70)} ${verdict}`
}

export function valueText(value: number, unit?: Figure['unit']): string {
  const digits = Math.abs(value) >= 100 ? 0 : Math.abs(value) >= 10 ? 1 : 2
  const text = value.toFixed(digits)
  return unit === undefined ? text : unit === '×' ? `${text}×` : `${text} ${unit}`
}

export function goalText(goal: Goal, unit: Figure['unit']): string {
  return 'atMost' in goal ? `≤ ${bound(goal.atMost, unit)}` : `≥ ${bound(goal.atLeast, unit)}`
}

const bound = (value: number, unit: Figure['unit']) => (unit === '×' ? `${value}×` : `${value} ${unit}`)
