import type { TrailRecord } from '../../../src/audit/trail/audit-event.js'
import type {
  CursorValue,
  PostureCheck,
  ReaderState,
  TrailBatch,
  TrailReader,
} from '../../../src/audit/trail/trail-reader.js'
import { ConfigurationError } from '../../../src/errors.js'
import { arrivalWindow, formatArrivalCursor, parseArrivalCursor } from '../../../src/kms/arrival-windows.js'
import { textOptions } from '../../../src/kms/text-options.js'
import { listAt, textAt } from '../../../src/kms/untrusted-json.js'
import type { GcpRestApi } from '../rest-api.js'
import { connectLogging } from './connect-logging.js'
import { ENTRIES, entriesFilter } from './entries-filter.js'
import { examineLogging, isBlindToUses } from './examine-logging.js'
import { isRefusedRequest, resultOf } from './logging-result.js'

const PAGE = 1_000
const MOST_RESTARTS = 3
/** A project by its id: entries are logged under it, whatever a key is called. */
const PROJECT = /^[a-z][a-z0-9.:-]{0,62}$/

/** `{ project, endpoint? }`. */
export async function connectEntriesReader(section: Readonly<Record<string, unknown>>): Promise<TrailReader> {
  const { project, endpoint } = textOptions('gcp', section, ['project', 'endpoint'])
  if (project === undefined || !PROJECT.test(project)) {
    throw new ConfigurationError(
      'trail "gcp": "project" must be the id of the project that has the keys, not its number',
    )
  }
  return new EntriesReader(await connectLogging(endpoint), `projects/${project}`)
}

interface EntriesPage {
  readonly records: readonly TrailRecord[]
  readonly nextPageToken: string | undefined
}

/** Reads the audit logs of a project by `entries.list`. */
class EntriesReader implements TrailReader {
  readonly provider = 'gcp'
  readonly name = 'entries-list'
  readonly scope: string
  readonly intervalMs = 60_000
  readonly #api: GcpRestApi

  constructor(api: GcpRestApi, scope: string) {
    this.#api = api
    this.scope = scope
  }

  probe(signal: AbortSignal): Promise<readonly PostureCheck[]> {
    return examineLogging(this.#api, this.scope, signal)
  }

  goesBackTo(now: Date, cursor: CursorValue): Date {
    const { arrivedFrom, happenedFrom } = arrivalWindow(ENTRIES, parseArrivalCursor(cursor), now)
    return arrivedFrom ?? happenedFrom
  }

  async *read(now: Date, { cursor }: ReaderState, signal: AbortSignal): AsyncIterable<TrailBatch> {
    const window = arrivalWindow(ENTRIES, parseArrivalCursor(cursor), now)
    const filter = entriesFilter(window)
    let pageToken: string | undefined
    for (let restarts = 0; ; ) {
      let page: EntriesPage
      try {
        page = await this.#page(filter, pageToken, signal)
      } catch (error) {
        // A token that is no longer taken: what was read comes again, and is there already.
        if (!isRefusedRequest(error) || pageToken === undefined || ++restarts > MOST_RESTARTS) throw error
        pageToken = undefined
        continue
      }
      pageToken = page.nextPageToken
      if (pageToken === undefined) {
        const complete = !(await isBlindToUses(this.#api, this.scope, signal))
        yield {
          records: page.records,
          cursor: formatArrivalCursor(window.cursor),
          covered: { ...window.covered, complete },
        }
        return
      }
      // An empty page with a token is no end.
      if (page.records.length > 0) yield { records: page.records, cursor }
    }
  }

  async close(): Promise<void> {
    // Nothing is open between two requests.
  }

  async #page(filter: string, pageToken: string | undefined, signal: AbortSignal): Promise<EntriesPage> {
    const asked = { resourceNames: [this.scope], filter, orderBy: 'timestamp asc', pageSize: PAGE }
    const request = { ...asked, ...(pageToken !== undefined && { pageToken }) }
    const result = await resultOf(this.#api, 'POST', '/v2/entries:list', request, signal)
    const records = listAt(result, 'entries').map((entry) => ({ raw: JSON.stringify(entry) }))
    return { records, nextPageToken: textAt(result, 'nextPageToken') }
  }
}
