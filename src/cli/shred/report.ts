import { describeKek } from '../../kms/provider.js'
import type { HeldCopy, ShredPlan, ShredReceipt, ShredTarget } from '../../shredding/index.js'
import { paint } from '../terminal.js'

export function receiptLines(receipt: ShredReceipt): string[] {
  const { id, status, target, tables, reason, ticket, who, databaseUser, startedAt, endedAt, rows, tried } = receipt
  return [
    `${status === 'running' ? paint('red', '✗') : paint('green', '✓')} receipt ${id}: ${STATUS[status]}`,
    `  ${rows} shredded: ${describeTarget(target)}, in ${tables.map(({ schema, table }) => `${schema}.${table}`).join(', ')}`,
    `  ${reason}${ticket === undefined ? '' : ` (${ticket})`}, by ${who} as ${databaseUser}`,
    `  begun ${startedAt}${endedAt === undefined ? '' : `, ended ${endedAt}`}`,
    ...(tried === undefined ? [] : [`  a decryption of ${tried} was tried and refused`]),
    ...receipt.keks.map(({ kek, wraps }) => `  ${describeKek(kek)}: ${wraps} wraps removed`),
    ...receipt.copies.flatMap(copyLines),
  ]
}

export function receiptLine({ id, status, rows, startedAt, reason }: ShredReceipt): string {
  return `${id}  ${status.padEnd(7)}  ${startedAt}  ${rows} shredded  ${reason}`
}

export function planLines(plans: readonly ShredPlan[]): string[] {
  return [
    ...plans.flatMap(({ table, rows, shredded, empty, keks }) => [
      `${table}: ${rows} would be shredded; ${shredded} are already, ${empty} have no envelope`,
      ...keks.map(({ kek, wraps }) => `  ${describeKek(kek)}: ${wraps} wraps would be removed`),
    ]),
    'Copies stay in dead rows until VACUUM, in the WAL, on replicas until they follow, and in backups for as long as they are kept.',
    'Nothing was changed.',
  ]
}

const STATUS: Record<ShredReceipt['status'], string> = {
  running: 'not ended',
  pending: 'done; copies are still held',
  final: 'done; no copy is known of',
}

const MARKS: Record<HeldCopy['state'], string> = { gone: '·', held: '!', unknown: '?' }

function copyLines({ where, state, until, explanation }: HeldCopy): string[] {
  const end = state === 'held' && until !== undefined ? ` until ${until}` : ''
  return [`  ${MARKS[state]} ${where}: ${state}${end}`, paint('dim', `      ${explanation}`)]
}

function describeTarget(target: ShredTarget): string {
  if (target.kind === 'entity') return `all of ${target.entity}`
  if (target.kind === 'row') return `${target.entity} ${Object.values(target.primaryKey).join(', ')}`
  return `${target.pair}=${target.value}${target.entities ? ` of ${target.entities.join(', ')}` : ''}`
}
