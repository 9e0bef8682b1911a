export { assertSchema, installSchema, missingMigrations, schemaSql } from './schema.js'
