import type { DataSource } from 'typeorm'
import type { EnvelopeCipher } from 'waxseal'
import { type RewrapReport, readEnvelopes, rewrapRows } from 'waxseal/postgres'
import { protectedTablesOf, queryableOf } from 'waxseal/typeorm'

/** Wraps every data key under the current key. Ciphertexts stay as they are, and the application may run meanwhile. */
export async function rotate(dataSource: DataSource, cipher: EnvelopeCipher): Promise<RewrapReport[]> {
  const runner = dataSource.createQueryRunner()
  try {
    const client = queryableOf(runner)
    const reports: RewrapReport[] = []
    for (const table of protectedTablesOf(dataSource)) {
      for await (const rows of readEnvelopes(client, table)) {
        reports.push(await rewrapRows(client, table, rows, cipher))
      }
    }
    return reports
  } finally {
    await runner.release()
  }
}
