import { randomUUID } from 'node:crypto'
import type { Pool } from 'pg'
import {
  type EnvelopeCipher,
  formatText,
  metadataFromJson,
  metadataToJson,
  type OpenEnvelope,
  parseText,
} from 'waxseal'
import { bindingOf } from 'waxseal/postgres'
import { credentialTable, oauth, password } from './table.js'

export interface OAuthTokens {
  accessToken: string
  refreshToken: string
}

export interface Credential {
  tenantId: string
  password: string
  oauth: OAuthTokens
}

/** Credentials over `pg` alone. */
export class Credentials {
  readonly #pool: Pool
  readonly #cipher: EnvelopeCipher

  constructor(pool: Pool, cipher: EnvelopeCipher) {
    this.#pool = pool
    this.#cipher = cipher
  }

  async add(credential: Credential): Promise<string> {
    const row = { id: randomUUID(), tenant_id: credential.tenantId }
    const envelope = await this.#cipher.mint(bindingOf(credentialTable, row))
    await this.#pool.query(
      'INSERT INTO credential (id, tenant_id, password, oauth, encryption_metadata) VALUES ($1, $2, $3, $4, $5)',
      [
        row.id,
        row.tenant_id,
        formatText(envelope.encryptField(password, credential.password)),
        formatText(envelope.encryptField(oauth, credential.oauth)),
        metadataToJson(envelope.metadata),
      ],
    )
    return row.id
  }

  async get(id: string): Promise<Credential> {
    const { row, envelope } = await this.#open(id)
    return {
      tenantId: row.tenant_id,
      password: envelope.decryptField(password, parseText(row.password)) as string,
      oauth: envelope.decryptField(oauth, parseText(row.oauth)) as OAuthTokens,
    }
  }

  async changePassword(id: string, changed: string): Promise<void> {
    const { envelope } = await this.#open(id)
    // If another writer gave the row another envelope meanwhile, the guard refuses this one (WX002).
    const stored = formatText(envelope.encryptField(password, changed))
    await this.#pool.query('UPDATE credential SET password = $1 WHERE id = $2', [stored, id])
  }

  async #open(id: string): Promise<{ row: StoredCredential; envelope: OpenEnvelope }> {
    const { rows } = await this.#pool.query<StoredCredential>('SELECT * FROM credential WHERE id = $1', [id])
    const [row] = rows
    if (!row) throw new Error(`no credential ${id}`)
    const binding = bindingOf(credentialTable, row)
    return { row, envelope: await this.#cipher.open(metadataFromJson(row.encryption_metadata), binding) }
  }
}

type StoredCredential = {
  id: string
  tenant_id: string
  password: string
  oauth: string
  encryption_metadata: unknown
}
