import { createHash } from 'node:crypto'
import { type FileHandle, open, rm } from 'node:fs/promises'
import { join } from 'node:path'

export interface ExportedFile {
  readonly name: string
  readonly bytes: number
  readonly sha256: string
}

/** A new file that only its owner reads, and the digest of what went into it. */
export class HashedFile {
  readonly #name: string
  readonly #path: string
  readonly #hash = createHash('sha256')
  #handle: FileHandle | undefined
  #bytes = 0

  constructor(folder: string, name: string) {
    this.#name = name
    this.#path = join(folder, name)
  }

  async append(text: string): Promise<void> {
    this.#handle ??= await open(this.#path, 'wx', 0o600)
    const bytes = Buffer.from(text)
    this.#hash.update(bytes)
    this.#bytes += bytes.length
    await this.#handle.appendFile(bytes)
  }

  async remove(): Promise<void> {
    await this.#handle?.close().catch(() => undefined)
    if (this.#handle) await rm(this.#path, { force: true })
  }

  async close(): Promise<ExportedFile> {
    await this.append('')
    await this.#handle?.sync()
    await this.#handle?.close()
    return { name: this.#name, bytes: this.#bytes, sha256: this.#hash.digest('hex') }
  }
}
