import { appendLeaves } from '../../../src/audit/integrity/append-leaves.js'
import { type CheckpointSigner, signerOf } from '../../../src/audit/integrity/checkpoint-signer.js'
import { generateNoteKey } from '../../../src/audit/integrity/note-key.js'
import {
  type SignedCheckpoint,
  type SignOptions,
  signCheckpoint,
} from '../../../src/audit/integrity/sign-checkpoint.js'
import type { FreshDatabase } from '../../setup/database.js'
import { databaseWithSchema } from '../../setup/database-with-schema.js'

/** A database with a log, and who signs it. */
export interface SignedLog extends FreshDatabase {
  readonly signer: CheckpointSigner
  /** Appends what is there and signs it. */
  checkpoint(options?: SignOptions): Promise<SignedCheckpoint>
  /** As the owner of the tables can: with the triggers of the table out of the way, which are as before afterwards. */
  tamper(table: string, ...statements: readonly string[]): Promise<void>
}

export async function freshLog(): Promise<SignedLog> {
  const database = await databaseWithSchema()
  const signer = signerOf(generateNoteKey('audit.example/log').signingKey)
  return {
    ...database,
    signer,
    async checkpoint(options) {
      await appendLeaves(database.client)
      return signCheckpoint(database.client, signer, options)
    },
    async tamper(table, ...statements) {
      await database.client.query(`ALTER TABLE waxseal.${table} DISABLE TRIGGER USER`)
      for (const statement of statements) await database.client.query(statement)
      await database.client.query(`ALTER TABLE waxseal.${table} ENABLE ALWAYS TRIGGER waxseal_no_change,
        ENABLE ALWAYS TRIGGER waxseal_no_truncate`)
    },
  }
}
