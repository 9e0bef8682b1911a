import { randomFillSync } from 'node:crypto'

const pool = Buffer.alloc(6 * 1024)
let used = pool.length

/**
 * Writes `length` fresh random bytes to the start of `target`. For what is public and must differ, as IVs and envelope
 * ids do; data keys never come from here. Drawn from a pool, because asking the generator for 12 bytes costs half as much
 * as an encryption. Handed-out bytes are cleared in the pool, so none is handed out twice.
 */
export function writeRandom(target: Buffer, length: number): void {
  if (used + length > pool.length) {
    randomFillSync(pool)
    used = 0
  }
  pool.copy(target, 0, used, used + length)
  pool.fill(0, used, used + length)
  used += length
}
