import { createHash } from 'node:crypto'
import { type FileHandle, open, readdir, stat } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'

/** Where a file was read to, by what stands before: whatever became of the file's name, the place is found again. */
export interface FilePosition {
  readonly offset: number
  /** SHA-256 of the bytes before it, at most so many as `TAIL_BYTES`. */
  readonly tail: string
}

export interface FileLine {
  readonly line: string
  readonly offset: number
}

/** Lines in their order, or what is missing before those that follow. */
export type FilePart =
  | { readonly name: string; readonly position: FilePosition; readonly lines: readonly FileLine[] }
  | { readonly gap: string }

/** Ids and times to the nanosecond: no two lines end alike. */
const TAIL_BYTES = 1_024
const CHUNK_BYTES = 256 * 1_024
const NEWLINE = 0x0a

/**
 * A log that is rotated: by renaming it, after which its writer opens a new one, or by copying and truncating it. Rotated
 * files are those beside it whose names go on with a number or a date; compressed ones cannot be read.
 */
export class LogFile {
  readonly path: string

  constructor(path: string) {
    this.path = path
  }

  /** Everything behind `last`, or all that there is. Rejects where the file cannot be read. */
  async *read(last: FilePosition | undefined, signal: AbortSignal): AsyncIterable<FilePart> {
    const { isFound, parts } = await this.#behind(last)
    if (!isFound) yield { gap: `${this.path} was rotated or cut off before it was read to its end` }
    // Lines in the last one show that the writer is done with those before it.
    for (const [index, part] of parts.entries()) yield* linesOf(part, index < parts.length - 1, signal)
  }

  /** Of the last lines, for a look at how they are written. */
  async lastLines(bytes: number): Promise<readonly string[]> {
    const file = await open(this.path)
    try {
      const { size } = await file.stat()
      const text = await bytesAt(file, Math.max(0, size - bytes), Math.min(size, bytes))
      return text.toString('utf8').split('\n').slice(0, -1)
    } finally {
      await file.close()
    }
  }

  /** Looked at again where it was rotated meanwhile: then the two halves of what was seen do not belong together. */
  async #behind(last: FilePosition | undefined): Promise<Behind> {
    for (;;) {
      const before = await this.#current()
      const rotated = await this.#rotated()
      if (!before && rotated.length === 0) await stat(this.path)
      const found = await this.#search([...rotated, ...(before && before.size > 0 ? [before] : [])], last)
      if ((await this.#current())?.ino === before?.ino) return found
    }
  }

  async #search(all: readonly SeenFile[], last: FilePosition | undefined): Promise<Behind> {
    const from = (files: readonly SeenFile[]) => files.map((file) => ({ file, offset: 0 }))
    if (!last) return { isFound: true, parts: from(all) }
    for (const file of all.toReversed()) {
      if (!(await holds(file, last))) continue
      // Of the same instant too: which of them was the first cannot be told, and reading one again changes nothing.
      const later = all.filter((each) => each !== file && (each.path === this.path || each.mtimeMs >= file.mtimeMs))
      return { isFound: true, parts: [{ file, offset: last.offset }, ...from(file.path === this.path ? [] : later)] }
    }
    return { isFound: false, parts: from(all) }
  }

  /** Between its renaming and the signal to its writer there is none. */
  async #current(): Promise<SeenFile | undefined> {
    return seen(this.path).catch(ifMissing(undefined))
  }

  /** The oldest first. */
  async #rotated(): Promise<SeenFile[]> {
    const [folder, start] = [dirname(this.path), basename(this.path)]
    const names = (await readdir(folder)).filter((name) => {
      return name.startsWith(start) && ROTATED.test(name.slice(start.length)) && !COMPRESSED.test(name)
    })
    const files = await Promise.all(names.map((name) => seen(join(folder, name)).catch(ifMissing(undefined))))
    const written = files.flatMap((file) => (file && file.size > 0 ? [file] : []))
    return written.sort((a, b) => a.mtimeMs - b.mtimeMs)
  }
}

interface SeenFile {
  readonly path: string
  readonly ino: number
  readonly size: number
  readonly mtimeMs: number
}

interface Behind {
  readonly isFound: boolean
  readonly parts: readonly { readonly file: SeenFile; readonly offset: number }[]
}

const ROTATED = /^[-._]?\d[\w.-]*$/
const COMPRESSED = /\.(gz|xz|zst|bz2)$/

async function seen(path: string): Promise<SeenFile> {
  const { ino, size, mtimeMs } = await stat(path)
  return { path, ino, size, mtimeMs }
}

async function holds({ path }: SeenFile, { offset, tail }: FilePosition): Promise<boolean> {
  const file = await open(path).catch(ifMissing(undefined))
  if (!file) return false
  try {
    return (await file.stat()).size >= offset && (await tailAt(file, offset)) === tail
  } finally {
    await file.close()
  }
}

/** For a file that whoever rotates renamed or removed since it was seen. */
function ifMissing<T>(instead: T): (error: NodeJS.ErrnoException) => T {
  return (error) => {
    if (error.code === 'ENOENT') return instead
    throw error
  }
}

/** `isFinal`: nobody writes it any more, so that half a line at its end is all there will be of it. */
async function* linesOf(
  { file: { path: name, ino }, offset }: Behind['parts'][number],
  isFinal: boolean,
  signal: AbortSignal,
): AsyncIterable<FilePart> {
  const file = await open(name).catch(ifMissing(undefined))
  if (!file) return
  try {
    // Renamed since it was looked for: the next pass finds it where it is.
    if ((await file.stat()).ino !== ino) return
    let size = CHUNK_BYTES
    for (let from = offset; ; ) {
      signal.throwIfAborted()
      const bytes = await bytesAt(file, from, size)
      const isEnd = bytes.length < size
      const end = isEnd && isFinal ? bytes.length : bytes.lastIndexOf(NEWLINE) + 1
      if (end > 0) {
        const position = { offset: from + end, tail: await tailAt(file, from + end) }
        yield { name, position, lines: split(bytes.subarray(0, end), from) }
      }
      if (isEnd) return
      // A line that is longer than what was read.
      size = end > 0 ? CHUNK_BYTES : size * 2
      from += end
    }
  } finally {
    await file.close()
  }
}

function split(bytes: Buffer, offset: number): FileLine[] {
  const lines: FileLine[] = []
  for (let start = 0; start < bytes.length; ) {
    const found = bytes.indexOf(NEWLINE, start)
    const end = found < 0 ? bytes.length : found
    if (end > start) lines.push({ line: bytes.toString('utf8', start, end), offset: offset + start })
    start = end + 1
  }
  return lines
}

async function tailAt(file: FileHandle, offset: number): Promise<string> {
  const length = Math.min(TAIL_BYTES, offset)
  return createHash('sha256')
    .update(await bytesAt(file, offset - length, length))
    .digest('hex')
}

async function bytesAt(file: FileHandle, offset: number, length: number): Promise<Buffer> {
  const { bytesRead, buffer } = await file.read({ buffer: Buffer.alloc(length), position: offset, length })
  return buffer.subarray(0, bytesRead)
}
