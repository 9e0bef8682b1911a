import { randomInt } from 'node:crypto'
import { appendFileSync, readFileSync } from 'node:fs'
import { findTracesOf, type Place } from '../setup/traces.js'

/** Whose secret it is: the library's to keep, or that of the twin who keeps none, as the positive control. */
export type Side = 'protected' | 'in the open'

export interface Canary {
  /** Who made it. */
  readonly name: string
  readonly side: Side
  readonly value: string | Uint8Array
  /** Starts of the names of places where whoever made it shows it himself. */
  readonly declared: readonly string[]
}

const TEXT_PIECE = 10
const BYTES_PIECE = 8

/** Notes canaries in a file at once, so that the note outlives the process. */
export class Canaries {
  readonly #file: string
  readonly #side: Side
  readonly #known = new Set<string>()

  constructor(file: string, side: Side) {
    this.#file = file
    this.#side = side
  }

  /** A text that survives quoting and folding as it is. */
  text(name: string, declared: readonly string[] = []): string {
    const value = Array.from({ length: 4 * TEXT_PIECE }, () => randomInt(36).toString(36)).join('')
    this.#note({ name, text: value, declared })
    return value
  }

  bytes(name: string, bytes: Uint8Array, declared: readonly string[] = []): void {
    // Not by way of `Buffer.from()`: its copy would stay in the pool that small buffers share.
    const hex = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('hex')
    if (!this.#known.has(hex)) this.#note({ name, hex, declared })
    this.#known.add(hex)
  }

  #note(canary: object): void {
    appendFileSync(this.#file, `${JSON.stringify({ side: this.#side, ...canary })}\n`)
  }
}

export function readCanaries(file: string): Canary[] {
  const lines = readFileSync(file, 'utf8').trimEnd().split('\n')
  return lines.map((line) => {
    const { text, hex, ...rest } = JSON.parse(line) as Canary & { text?: string; hex?: string }
    return { ...rest, value: text ?? Buffer.from(hex!, 'hex') }
  })
}

export interface Sighting {
  readonly canary: Canary
  /** The place and the form. */
  readonly where: string
}

/**
 * Every sighting of every canary, whole or in part: a message that shows the first characters of a secret shows a secret.
 */
export function sightings(places: readonly Place[], canaries: readonly Canary[]): Sighting[] {
  const pieces = canaries.flatMap((canary) => piecesOf(canary.value).map((piece) => ({ canary, piece })))
  const traces = findTracesOf(
    pieces.map(({ piece }) => piece),
    places,
  )
  const seen = new Map<Canary, Set<string>>()
  pieces.forEach(({ canary }, index) => {
    seen.set(canary, new Set([...(seen.get(canary) ?? []), ...traces[index]!]))
  })
  return [...seen].flatMap(([canary, where]) => [...where].map((each) => ({ canary, where: each })))
}

function piecesOf(value: string | Uint8Array): (string | Uint8Array)[] {
  const length = typeof value === 'string' ? TEXT_PIECE : BYTES_PIECE
  return Array.from({ length: Math.floor(value.length / length) }, (_, index) =>
    value.slice(index * length, (index + 1) * length),
  )
}

export const isDeclared = ({ canary, where }: Sighting) => canary.declared.some((start) => where.startsWith(start))

export const inWords = ({ canary, where }: Sighting) => `${canary.name}: ${where}`
