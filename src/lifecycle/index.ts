export type { ConnectionOptions } from './fleet-connection.js'
export type { FleetMember } from './fleet-member.js'
export { type FleetOptions, joinFleet } from './join-fleet.js'
export { assertSchema, installSchema, missingMigrations, schemaSql } from './schema.js'
