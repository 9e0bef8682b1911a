import { randomFillSync } from 'node:crypto'
import { IV_BYTES } from './format.js'

const pool = Buffer.alloc(IV_BYTES * 512)
let used = pool.length

/**
 * Writes a fresh IV to the start of `target`. Drawn from a pool, because asking the generator for 12 bytes costs half as
 * much as an encryption. Handed-out bytes are cleared in the pool, so none is handed out twice. Data keys never come
 * from here.
 */
export function writeIv(target: Buffer): void {
  if (used === pool.length) {
    randomFillSync(pool)
    used = 0
  }
  pool.copy(target, 0, used, used + IV_BYTES)
  pool.fill(0, used, used + IV_BYTES)
  used += IV_BYTES
}
