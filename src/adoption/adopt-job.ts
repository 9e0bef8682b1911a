import { metadataFromJson } from '../envelope/metadata-codec.js'
import type { Batch, Job } from '../jobs/index.js'
import type { StoredRow } from '../postgres/stored-row.js'
import type { AdoptedTable } from './adopted-table.js'
import { eachRow } from './each-row.js'
import { type AdoptingCipher, encryptRow } from './encrypt-row.js'
import { readStates } from './legacy-rows.js'
import { isEmptyRow } from './plaintexts.js'
import { type PreparedChanges, storeChanges } from './row-change.js'
import type { RunSettings } from './run-settings.js'

export interface AdoptSettings extends RunSettings {
  readonly cipher: AdoptingCipher
}

/** Gives each row without an envelope one, with all fields that its sources hold. Written only over what was read. */
export function adoptJob(table: AdoptedTable, settings: AdoptSettings): Job<PreparedChanges> {
  return {
    kind: 'adopt',
    table,
    options: {},
    async sets(sets) {
      return sets.filter(({ sample }) => metadataFromJson(JSON.parse(sample.metadata)).state !== 'wrapped')
    },
    prepare: (rows, batch) => prepare(table, settings, rows, batch),
    store: (client, prepared) => storeChanges(client, table, prepared, { counted: 'encrypted' }),
  }
}

async function prepare(
  table: AdoptedTable,
  settings: AdoptSettings,
  rows: readonly StoredRow[],
  { client, signal }: Batch,
): Promise<PreparedChanges> {
  const plain = rows.filter(({ metadata }) => metadata === '{}')
  const states = [...(await readStates(client, table, plain, 'unlocked')).values()]
  // Those that got an envelope in between are nobody's business any more.
  const left = states.filter((state) => state.metadata === '{}')
  const filled = left.filter((state) => !isEmptyRow(table, state))
  const { results: changes, failures } = await eachRow(filled, settings, signal, (row, now) => {
    return encryptRow(table, row, settings.cipher, now, { signal })
  })
  return {
    changes,
    counts: { shredded: rows.length - plain.length, empty: left.length - filled.length },
    failures,
  }
}
