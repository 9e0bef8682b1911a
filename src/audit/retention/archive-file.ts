import { createHash, randomUUID } from 'node:crypto'
import { createReadStream, createWriteStream } from 'node:fs'
import { open, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { createGunzip, createGzip } from 'node:zlib'
import { linesOf } from '../lines.js'

/** Of what is in it: the same records are the same digest, however they are compressed. */
export interface ArchiveContent {
  readonly rows: number
  readonly sha256: string
}

export interface ArchiveFile extends ArchiveContent {
  readonly place: string
}

/** A file that only its owner reads, with the beginning of its digest in its name. Not there before it is whole. */
export async function writeArchive(folder: string, name: string, lines: AsyncIterable<string>): Promise<ArchiveFile> {
  // Of this run alone: another one may write the same table into the same folder now, also for another database.
  const part = join(folder, `${name}_${randomUUID()}.part`)
  const hash = createHash('sha256')
  let rows = 0
  async function* counted() {
    for await (const line of lines) {
      const bytes = Buffer.from(`${line}\n`)
      hash.update(bytes)
      rows++
      yield bytes
    }
  }
  try {
    await pipeline(counted(), createGzip(), createWriteStream(part, { mode: 0o600, flags: 'wx' }))
    await synced(part)
    const sha256 = hash.digest('hex')
    const place = join(folder, `${name}_${sha256.slice(0, 16)}.jsonl.gz`)
    await rename(part, place)
    return { rows, sha256, place }
  } catch (error) {
    await rm(part, { force: true })
    throw error
  }
}

/** Its lines, in batches. Rejects where it is no gzip or ends in the middle. */
export async function* readArchive(place: string, batch = 500): AsyncGenerator<readonly string[], ArchiveContent> {
  const hash = createHash('sha256')
  const text = createGunzip()
  const file = createReadStream(place).on('error', (error) => text.destroy(error))
  let rows = 0
  let lines: string[] = []
  for await (const line of linesOf(file.pipe(text))) {
    hash.update(`${line}\n`)
    rows++
    if (lines.push(line) < batch) continue
    yield lines
    lines = []
  }
  if (lines.length > 0) yield lines
  return { rows, sha256: hash.digest('hex') }
}

/** The rows that it stands for leave the database: it must be on the disk, not on its way there. */
async function synced(path: string): Promise<void> {
  const handle = await open(path, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}
