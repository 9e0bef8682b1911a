import type { EnvelopeCipher } from '../../envelope/envelope-cipher.js'
import { isWaxsealError } from '../../errors.js'
import { failureOf } from '../failure.js'
import type { PlaintextOutput } from './plaintext-output.js'
import type { SourceRow } from './recovered-row.js'

export interface FailedRow {
  readonly where: string
  readonly message: string
}

export interface Recovery {
  readonly opened: number
  /** Their data keys are gone for good, which somebody wanted. */
  readonly shredded: number
  readonly failed: readonly FailedRow[]
}

const PROGRESS_EVERY = 1_000

/** Opens every row that opens. One that does not is told and kept for the end, and stops nothing. */
export async function recoverRows(
  rows: AsyncIterable<SourceRow>,
  cipher: EnvelopeCipher,
  output: PlaintextOutput,
  tell: (line: string) => void,
): Promise<Recovery> {
  let [read, opened, shredded] = [0, 0, 0]
  const failed: FailedRow[] = []
  for await (const { where, recover } of rows) {
    const result = await recover(cipher).catch((error: unknown) => ({ error }))
    if (!('error' in result)) {
      await output.write(result)
      opened += 1
    } else if (isWaxsealError(result.error) && result.error.code === 'ERR_CREDENTIAL_SHREDDED') {
      shredded += 1
    } else {
      const { message } = failureOf(result.error)
      failed.push({ where, message })
      tell(`${where}: ${message}`)
    }
    read += 1
    if (read % PROGRESS_EVERY === 0) tell(`${read} rows read`)
  }
  return { opened, shredded, failed }
}
