import { readLegacy } from '../adoption/readers/index.js'
import { decodeValue, encodeValue } from '../envelope/field-value.js'
import { InvalidEnvelopeError, LegacyValueError, PlaintextRefusedError } from '../errors.js'
import type { GuardStage } from '../postgres/adoption-rules.js'
import { type EncryptionMode, type LegacyRow, PLAINTEXT } from '../postgres/field-adoption.js'
import type { LoadedField, StoredField } from './encrypted-value.js'
import { PlaintextParameter } from './plaintext-parameter.js'
import type { ProtectedField } from './protected-entity.js'

/** What a statement puts into the column of a field, and into the one beside which it is adopted. */
export interface ColumnValues {
  readonly stored: StoredField | PlaintextParameter | null
  readonly source: PlaintextParameter | undefined
}

/** What a process does with rows that have no envelope: all that differs between the modes. */
export interface Mode {
  readonly name: EncryptionMode
  /** The guard that its writes ask for; none where they could not pass any. */
  readonly guard: GuardStage | undefined
  readonly encryptsNewRows: boolean
  /**
   * What a save does that changes a field of a row without an envelope. `keep`: leaves it without one. `convert`: gives it one,
   * and encrypts what else stands in it. `begin`: gives it one; nothing else stands in it.
   */
  readonly rowsWithoutEnvelope: 'keep' | 'convert' | 'begin'
  readonly readsPlaintext: boolean
  /** The columns beside which fields are adopted are no concern of it. */
  readonly ignoresSources: boolean
  /** The plaintext of a field that was loaded with metadata `{}`, and the name of who read it. */
  read(field: ProtectedField, loaded: LoadedField, row: LegacyRow, nowMs: number): { value: unknown; reader: string }
  /** A field of a row that is to have no envelope. */
  plaintext(field: ProtectedField, value: unknown, nowMs: number): ColumnValues
  /** What goes into the column beside which the field is adopted, along with its ciphertext. */
  source(field: ProtectedField, value: unknown, nowMs: number): PlaintextParameter | undefined
}

const enforce: Mode = {
  name: 'enforce',
  guard: 'enforce',
  encryptsNewRows: true,
  rowsWithoutEnvelope: 'begin',
  readsPlaintext: false,
  ignoresSources: false,
  read: (field) => {
    throw new InvalidEnvelopeError(`field "${field.id}": the row has a ciphertext and no envelope`)
  },
  plaintext: notPlaintext,
  source: () => undefined,
}

const adoption = {
  guard: 'adoption',
  readsPlaintext: true,
  ignoresSources: false,
  read(field: ProtectedField, { stored, isSource }: LoadedField, row: LegacyRow, nowMs: number) {
    if (!field.adoption) return enforce.read(field, { stored, isSource }, row, nowMs)
    if (isSource !== (field.adoption.placement === 'side')) {
      throw new InvalidEnvelopeError(`field "${field.id}": the row has a value in its encrypted column and no envelope`)
    }
    return readLegacy(field, field.adoption.readers, stored, row, nowMs)
  },
  plaintext(field: ProtectedField, value: unknown, nowMs: number): ColumnValues {
    const parameter = plaintextOf(field, value, nowMs)
    return field.adoption?.placement === 'side'
      ? { stored: null, source: parameter }
      : { stored: parameter, source: undefined }
  },
  source: (field: ProtectedField, value: unknown, nowMs: number) =>
    field.adoption?.placement === 'side' ? plaintextOf(field, value, nowMs) : undefined,
} as const

const adoptRead: Mode = { ...adoption, name: 'adopt-read', encryptsNewRows: false, rowsWithoutEnvelope: 'keep' }

const adoptWrite: Mode = { ...adoption, name: 'adopt-write', encryptsNewRows: true, rowsWithoutEnvelope: 'convert' }

const off: Mode = {
  name: 'off',
  guard: undefined,
  encryptsNewRows: false,
  rowsWithoutEnvelope: 'keep',
  readsPlaintext: true,
  ignoresSources: true,
  read: (field, { stored }) => ({ value: decodeValue(field, bytesOf(field, stored)), reader: 'off' }),
  plaintext: (field, value) => ({ stored: new PlaintextParameter(columnOf(field, value)), source: undefined }),
  source: () => undefined,
}

export const MODES: Readonly<Record<EncryptionMode, Mode>> = {
  enforce,
  'adopt-read': adoptRead,
  'adopt-write': adoptWrite,
  off,
}

/** Of an entity none of whose fields is adopted: it has no rows with plaintext. */
export function modeOf(mode: Mode, fields: readonly Pick<ProtectedField, 'adoption'>[]): Mode {
  return mode === enforce || mode === off || fields.some((field) => field.adoption) ? mode : enforce
}

function notPlaintext(field: ProtectedField): never {
  throw new PlaintextRefusedError(`field "${field.id}": refused to write it without an envelope`)
}

/** As rows without an envelope hold it: plaintext, where that is expected in the column. */
function plaintextOf(field: ProtectedField, value: unknown, nowMs: number): PlaintextParameter {
  const { adoption, id } = field
  if (!adoption) {
    throw new PlaintextRefusedError(
      `field "${id}": it is not adopted, so a row without an envelope cannot hold it; write it from the mode adopt-write on`,
    )
  }
  const plaintext = adoption.readers.find(({ reader }) => reader.name === PLAINTEXT)
  if (plaintext && nowMs < plaintext.until.getTime()) return new PlaintextParameter(columnOf(field, value))
  if (plaintext) {
    throw new LegacyValueError(
      `field "${id}": plaintext was to be written until ${plaintext.until.toISOString()}; finish the adoption with ` +
        '"waxseal adopt run" and "waxseal adopt enforce", or extend it',
    )
  }
  const names = adoption.readers.map(({ reader }) => reader.name).join(', ')
  throw new PlaintextRefusedError(
    `field "${id}": column "${adoption.source}" holds ${names}, and only plaintext can be written into it; add the reader ` +
      'plaintext where the programs of the stage before read that, or wait with the change until "waxseal adopt run" is through',
  )
}

function columnOf(field: ProtectedField, value: unknown): string | Buffer {
  const bytes = Buffer.from(encodeValue(field, value))
  if (field.column.type === 'bytea') return bytes
  return bytes.toString(field.kind === 'bytes' ? 'base64' : 'utf8')
}

function bytesOf(field: ProtectedField, stored: StoredField): Buffer {
  return Buffer.isBuffer(stored) ? stored : Buffer.from(stored, field.kind === 'bytes' ? 'base64' : 'utf8')
}
