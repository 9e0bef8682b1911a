import type {
  CursorValue,
  PostureCheck,
  ReaderState,
  TrailBatch,
  TrailReader,
} from '../../../src/audit/trail/trail-reader.js'
import { ConfigurationError } from '../../../src/errors.js'
import {
  type ArrivalRules,
  arrivalWindow,
  formatArrivalCursor,
  parseArrivalCursor,
} from '../../../src/kms/arrival-windows.js'
import { textOptions } from '../../../src/kms/text-options.js'
import { vaultUrlOf } from '../key-names.js'
import { connectVaultResource } from '../vault-resource.js'
import { accountPlace } from './account-place.js'
import type { BlobsApi, ListedBlob } from './blobs-api.js'
import { connectBlobs } from './connect-blobs.js'
import { type ProbeSettings, settingsProbe } from './diagnostic-settings.js'
import { recordsOf, wholeLinesIn } from './record-lines.js'
import { trailFailure } from './workspace-api.js'

const OPTIONS = ['vaultUrl', 'containerUrl', 'resourceId', 'tenantId', 'clientId', 'tokenFile', 'caFile'] as const
const CHUNK_BYTES = 4 * 1024 * 1024
const [MINUTE_MS, HOUR_MS, DAY_MS] = [60_000, 3_600_000, 86_400_000]

/** A file is of the hour in which records were received, and grows for up to two days. */
const BLOBS: ArrivalRules = {
  overlapMs: 0,
  latenessMs: 50 * HOUR_MS,
  sweepMs: 74 * HOUR_MS,
  keptMs: 30 * DAY_MS,
  settlesMs: MINUTE_MS,
}

/** `{ vaultUrl, containerUrl, resourceId, tenantId?, clientId?, tokenFile?, caFile? }`. */
export async function connectBlobReader(section: Readonly<Record<string, unknown>>): Promise<TrailReader> {
  const { vaultUrl = '', containerUrl = '', resourceId = '', ...credentials } = textOptions('azure', section, OPTIONS)
  const url = vaultUrlOf(vaultUrl)
  if (url === undefined) {
    throw new ConfigurationError('trail "azure": "vaultUrl" must be that of the vault: https://<name>.vault.azure.net')
  }
  if (!URL.canParse(containerUrl) || new URL(containerUrl).protocol !== 'https:') {
    throw new ConfigurationError(
      'trail "azure": "containerUrl" must be https://<account>.blob.core.windows.net/insights-logs-auditevent',
    )
  }
  const vault = await connectVaultResource(url, resourceId, credentials)
  const probeSettings = settingsProbe(vault, accountPlace(containerUrl))
  return new BlobReader(await connectBlobs(containerUrl, credentials), new URL(url).host, vault.id, probeSettings)
}

/** Reads the audit log of a vault from the append files that a diagnostic setting writes. */
class BlobReader implements TrailReader {
  readonly provider = 'azure'
  readonly name = 'blob-export'
  readonly scope: string
  readonly intervalMs = 300_000
  readonly #api: BlobsApi
  readonly #resource: string
  readonly #probeSettings: ProbeSettings

  constructor(api: BlobsApi, host: string, resourceId: string, probeSettings: ProbeSettings) {
    this.#api = api
    this.scope = host
    this.#resource = resourceId.toUpperCase()
    this.#probeSettings = probeSettings
  }

  async probe(signal: AbortSignal): Promise<readonly PostureCheck[]> {
    return [...(await this.#probeSettings(signal)), ...(await this.#arriving(signal))]
  }

  goesBackTo(now: Date, cursor: CursorValue): Date {
    const { arrivedFrom, happenedFrom } = arrivalWindow(BLOBS, parseArrivalCursor(cursor), now)
    return arrivedFrom ?? happenedFrom
  }

  async *read(now: Date, state: ReaderState, signal: AbortSignal): AsyncIterable<TrailBatch> {
    const { happenedFrom, cursor, covered } = arrivalWindow(BLOBS, parseArrivalCursor(state.cursor), now)
    const proof = (await this.#isImmutable(signal)) ? { proof: 'worm' } : {}
    for (let day = startOfDay(happenedFrom); day <= now; day = new Date(day.getTime() + DAY_MS)) {
      for (const blob of await this.#listed(day, signal)) {
        for await (const batch of this.#linesOf(blob, state, signal)) {
          yield { ...batch, records: batch.records.map((record) => ({ ...record, ...proof })) }
        }
      }
    }
    yield { records: [], cursor: formatArrivalCursor(cursor), covered: { ...covered, complete: true } }
  }

  async close(): Promise<void> {
    // Nothing is open between two requests.
  }

  async #arriving(signal: AbortSignal): Promise<readonly PostureCheck[]> {
    try {
      const isImmutable = await this.#isImmutable(signal)
      const found = await this.#listed(new Date(), signal)
      const evidence = `${found.length} files of today`
      return [
        { id: 'files-arrive', state: found.length > 0 ? 'ok' : 'unknown', evidence },
        isImmutable
          ? { id: 'container-is-immutable', state: 'ok', evidence: 'the container has an immutability policy' }
          : {
              id: 'container-is-immutable',
              state: 'failed',
              evidence: 'what the container holds can be changed and deleted',
              remedy: 'set a time-based retention policy on the container',
            },
      ]
    } catch (error) {
      signal.throwIfAborted()
      return [{ id: 'files-arrive', state: 'failed', evidence: (error as Error).message }]
    }
  }

  /** What a file has behind what was read of it. The cursor stays: a later file may fail. */
  async *#linesOf(blob: ListedBlob, state: ReaderState, signal: AbortSignal): AsyncIterable<TrailBatch> {
    const { name, size, etag } = blob
    const known = (await state.object(name))?.byteOffset ?? 0
    // Shorter than it was: another file of that name.
    let offset = known > size ? 0 : known
    let pending: Uint8Array = new Uint8Array()
    for (let at = offset; at < size; ) {
      const chunk = await this.#read(name, at, Math.min(CHUNK_BYTES, size - at), signal)
      at += chunk.length
      pending = Buffer.concat([pending, chunk])
      const lines = wholeLinesIn(pending, at >= size)
      if (lines.length === 0) continue
      const records = recordsOf(lines, name, offset)
      offset += lines.length
      pending = pending.subarray(lines.length)
      yield { records, cursor: state.cursor, objects: [{ name, size, etag, byteOffset: offset }] }
    }
  }

  async #listed(day: Date, signal: AbortSignal): Promise<readonly ListedBlob[]> {
    const [year, month, date] = day.toISOString().slice(0, 10).split('-')
    const listed: ListedBlob[] = []
    try {
      const prefix = `resourceId=${this.#resource}/y=${year}/m=${month}/d=${date}/`
      for await (const blob of this.#api.list(prefix, signal)) listed.push(blob)
    } catch (error) {
      signal.throwIfAborted()
      throw trailFailure('the container', error)
    }
    return listed
  }

  async #read(name: string, offset: number, count: number, signal: AbortSignal): Promise<Uint8Array> {
    try {
      return await this.#api.read(name, offset, count, signal)
    } catch (error) {
      signal.throwIfAborted()
      throw trailFailure('a file of the container', error)
    }
  }

  async #isImmutable(signal: AbortSignal): Promise<boolean> {
    try {
      return await this.#api.isImmutable(signal)
    } catch (error) {
      signal.throwIfAborted()
      throw trailFailure('the container', error)
    }
  }
}

function startOfDay(date: Date): Date {
  return new Date(Math.floor(date.getTime() / DAY_MS) * DAY_MS)
}
