export { census } from './census.js'
export { estimateOf, type SetEstimate, type TableEstimate } from './estimate.js'
export type { FieldCounts } from './field-counts.js'
export { censusOf, type KekCount, type TableCensus } from './table-census.js'
