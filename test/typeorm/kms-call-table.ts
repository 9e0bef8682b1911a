/**
 * How many calls each operation makes to the KMS: specified here, asserted by `kms-calls.test.ts`, and published as
 * `docs/kms-calls.md` by `scripts/docs.js`, which reads this file: it imports nothing.
 */
export type FieldMode = 'transparent' | 'lazy'

/** The data keys of the rows are cached; they are not; the cipher has `cache: false`. */
export type CacheState = 'warm' | 'cold' | 'off'

/** Such as `1 generate + 2 unwrap`, or `0`. */
export type Calls = string

/** A mode that the operation does not exist in is null. */
export type CallsByMode = Readonly<Record<FieldMode, Readonly<Record<CacheState, Calls>> | null>>

function calls(warm: Calls, cold: Calls, off: Calls): Readonly<Record<CacheState, Calls>> {
  return { warm, cold, off }
}

const always = (count: Calls): CallsByMode => ({
  transparent: calls(count, count, count),
  lazy: calls(count, count, count),
})

/** The rows have two encrypted fields and one context pair; the provider has no recipients. */
export const KMS_CALLS = {
  '`save()` or `insert()` of a new row': always('1 generate'),
  '`insert()` of 3 rows': always('3 generate'),
  '`save()` of a new row whose fields are null': always('0'),
  '`find()` of 1,000 rows': {
    transparent: calls('0', '1000 unwrap', '1000 unwrap'),
    lazy: calls('0', '0', '0'),
  },
  '`find()` of a row with 2 joined rows': {
    transparent: calls('0', '3 unwrap', '3 unwrap'),
    lazy: calls('0', '0', '0'),
  },
  '`find()` without encrypted fields in `select`, `count()`, `exists()`, `getRawMany()`': always('0'),
  '`decrypt()` of one lazy field': { transparent: null, lazy: calls('0', '1 unwrap', '1 unwrap') },
  '`decrypt()` of both lazy fields of a row': { transparent: null, lazy: calls('0', '1 unwrap', '2 unwrap') },
  '`decryptAll()` of 3 rows': {
    transparent: calls('0', '3 unwrap', '3 unwrap'),
    lazy: calls('0', '3 unwrap', '6 unwrap'),
  },
  '`save()` of an unchanged row': {
    transparent: calls('0', '1 unwrap', '1 unwrap'),
    lazy: calls('0', '0', '0'),
  },
  '`save()` that changes no encrypted field': {
    transparent: calls('0', '1 unwrap', '1 unwrap'),
    lazy: calls('0', '0', '0'),
  },
  '`save()` that changes one field': {
    transparent: calls('0', '1 unwrap', '2 unwrap'),
    lazy: calls('0', '1 unwrap', '1 unwrap'),
  },
  '`save()` that changes every field': {
    transparent: calls('1 generate', '1 unwrap + 1 generate', '1 unwrap + 1 generate'),
    lazy: calls('1 generate', '1 generate', '1 generate'),
  },
  '`save()` that sets one field or every field to null': {
    transparent: calls('0', '1 unwrap', '1 unwrap'),
    lazy: calls('0', '0', '0'),
  },
  '`save()` that changes a context column': {
    transparent: calls('1 generate', '1 unwrap + 1 generate', '1 unwrap + 1 generate'),
    lazy: calls('1 generate', '1 unwrap + 1 generate', '2 unwrap + 1 generate'),
  },
  '`updateEncrypted()` of one field': {
    transparent: calls('0', '1 unwrap', '3 unwrap'),
    lazy: calls('0', '1 unwrap', '1 unwrap'),
  },
  '`updateEncrypted()` of the primary key': {
    transparent: calls('1 generate', '1 unwrap + 1 generate', '2 unwrap + 1 generate'),
    lazy: calls('1 generate', '1 unwrap + 1 generate', '2 unwrap + 1 generate'),
  },
  '`upsertEncrypted()` that inserts': always('1 generate'),
  '`upsertEncrypted()` that changes one field': {
    transparent: calls('0', '1 unwrap', '3 unwrap'),
    lazy: calls('0', '1 unwrap', '1 unwrap'),
  },
  '`update()` of other columns, or of a field to null': always('0'),
  '`remove()` or `softRemove()` of a row': {
    transparent: calls('0', '1 unwrap', '1 unwrap'),
    lazy: calls('0', '0', '0'),
  },
  '`delete()`, `softDelete()`, `restore()`': always('0'),
  '`rewrapRows()` of 3 stale rows': always('3 currentKek + 3 rewrap + 3 unwrap'),
  '`rewrapRows()` of 3 rows under the current KEK': always('3 currentKek'),
} satisfies Record<string, CallsByMode>

export type Operation = keyof typeof KMS_CALLS
