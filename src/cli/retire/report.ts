import type { Retirement, RetirementCheck } from '../../census/index.js'
import type { Disabling } from '../../kms/disabling.js'
import { describeKek, type KekRef } from '../../kms/provider.js'
import { paint } from '../terminal.js'

const MARKS = { passed: ['✓', 'green'], failed: ['✗', 'red'], unchecked: ['·', 'yellow'] } as const

const TITLES: Record<RetirementCheck['name'], string> = {
  current: 'it is not what new data keys are wrapped under',
  census: 'no stored row needs it',
  processes: 'no process wraps under it',
  transactions: 'nothing that was begun before is open',
  'census again': 'no stored row needs it, counted again behind that',
  runs: 'no run and no journal needs it',
  replicas: 'replicas have followed',
  backups: 'no backup needs it',
  trail: 'the audit trail shows no use of it',
}

export function retirementLines(kek: KekRef, { ready, checks }: Retirement, disabling: Disabling): string[] {
  return [
    ...checks.flatMap(({ name, status, evidence }) => {
      const [mark, style] = MARKS[status]
      return [`${paint(style, mark)} ${TITLES[name]}`, ...evidence.map((line) => `    ${line}`)]
    }),
    '',
    ...(ready ? readyLines(kek, disabling) : [`${describeKek(kek)} stays enabled: ${paint('red', 'not ready')}`]),
  ]
}

function readyLines(kek: KekRef, { explanation, commands }: Disabling): string[] {
  return [
    `${describeKek(kek)} may be ${paint('green', 'disabled')}. ${explanation}.`,
    ...commands.map((command) => `  ${command}`),
    'Disable it and wait; never destroy it before this was run again and something restored from a backup was read without it.',
  ]
}
