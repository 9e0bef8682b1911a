import { randomUUID } from 'node:crypto'

/** A UUID of version 7 (RFC 9562): milliseconds, then 74 random bits. Keys made later sort later. */
export function uuidV7(nowMs: number): string {
  const time = nowMs.toString(16).padStart(12, '0')
  return `${time.slice(0, 8)}-${time.slice(8)}-7${randomUUID().slice(15)}`
}
