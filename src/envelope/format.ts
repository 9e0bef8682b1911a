/** Format 1. One algorithm, no negotiation: another one would be format 2. None of these may change. */
export const FORMAT = 1
export const ALGORITHM = 'A256GCM'

export const IV_BYTES = 12
export const TAG_BYTES = 16
export const COMMITMENT_BYTES = 32
export const ENVELOPE_ID_BYTES = 16

/** Bounds on what is read back, since whoever can write the table chooses it. */
export const MAX_FIELD_BYTES = 64 * 1024 * 1024
export const MAX_WRAPPED_KEY_BYTES = 4 * 1024
export const MAX_WRAPS = 8
/** Follows from the bounds of the members; stated for readers that bound the whole first. */
export const MAX_METADATA_BYTES = 64 * 1024
