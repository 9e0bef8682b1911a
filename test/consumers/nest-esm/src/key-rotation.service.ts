import { Injectable } from '@nestjs/common'
import { DataSource } from 'typeorm'
import type { EnvelopeCipher } from 'waxseal'
import { type RewrapReport, readEnvelopes, rewrapRows } from 'waxseal/postgres'
import { protectedTablesOf, queryableOf } from 'waxseal/typeorm'

@Injectable()
export class KeyRotation {
  constructor(private readonly dataSource: DataSource) {}

  /** Wraps every data key under the cipher's current key, while the application runs. Gives a report for each batch. */
  async *run(cipher: EnvelopeCipher): AsyncGenerator<RewrapReport> {
    await using runner = this.dataSource.createQueryRunner()
    const client = queryableOf(runner)
    for (const table of protectedTablesOf(this.dataSource)) {
      for await (const rows of readEnvelopes(client, table)) yield await rewrapRows(client, table, rows, cipher)
    }
  }
}
