import { expect, test } from '@jest/globals'
import { ComparedColumns, comparingPartOf } from '../../../src/typeorm/compared-columns.js'

/** `token` is also what other tables and columns are called. */
const tables = [
  new ComparedColumns({ schema: 'public', name: 'credential', columns: ['password', 'token', 'endpointSecret'] }),
  new ComparedColumns({ schema: 'public', name: 'token', columns: ['value'] }),
  new ComparedColumns({ schema: 'vault', name: 'stored_key', columns: ['cipher text'] }),
]

function compares(query: string): boolean {
  const part = comparingPartOf(query)
  return part !== undefined && tables.some((table) => table.areIn(part))
}

const refused: readonly string[] = [
  'SELECT "c"."id" FROM "credential" "c" WHERE "c"."password" = $1',
  'SELECT "c"."id" FROM "credential" "c" WHERE c.password = $1',
  'SELECT "c"."id" FROM "public"."credential" "c" WHERE "c"."password"=$1',
  'select id from credential where password = $1',
  'SELECT ID FROM CREDENTIAL WHERE PASSWORD = $1',
  'SELECT id FROM credential AS x WHERE x.password <> $1',
  'SELECT id FROM credential x WHERE $1 = x.password',
  'SELECT id FROM credential WHERE credential.password != $1',
  'SELECT id FROM credential WHERE password LIKE $1',
  'SELECT id FROM credential WHERE password NOT LIKE $1',
  'SELECT id FROM credential WHERE password ILIKE $1',
  'SELECT id FROM credential WHERE password ~* $1',
  'SELECT id FROM credential WHERE password !~ $1',
  'SELECT id FROM credential WHERE password ~~ $1',
  'SELECT id FROM credential WHERE password ^@ $1',
  'SELECT id FROM credential WHERE password SIMILAR TO $1',
  'SELECT id FROM credential WHERE password ::jsonb @> $1',
  'SELECT id FROM credential WHERE $1 <@ password',
  'SELECT id FROM credential WHERE password::jsonb ? $1',
  'SELECT id FROM credential WHERE password::text[] && $1',
  'SELECT id FROM credential WHERE password IN ($1, $2)',
  'SELECT id FROM credential WHERE password NOT IN ($1, $2)',
  'SELECT id FROM credential WHERE password BETWEEN $1 AND $2',
  'SELECT id FROM credential WHERE password IS DISTINCT FROM $1',
  'SELECT id FROM credential WHERE password IS NOT DISTINCT FROM $1',
  'SELECT id FROM credential WHERE password >= $1',
  'SELECT id FROM credential WHERE (password) = $1',
  'SELECT id FROM credential WHERE lower(password) = $1',
  'SELECT id FROM credential WHERE $1 = lower(trim(password))',
  `SELECT id FROM credential WHERE coalesce(password, '') = $1`,
  'SELECT id FROM credential WHERE (password, name) = ($1, $2)',
  'SELECT id FROM credential WHERE password::text = $1',
  'SELECT id FROM credential WHERE password COLLATE "C" = $1',
  'SELECT id FROM credential WHERE position($1 in password) > 0',
  `SELECT id FROM credential WHERE password = 'a literal'`,
  'SELECT id FROM credential c WHERE EXISTS (SELECT 1 FROM session s WHERE s.password = c.password)',
  'SELECT s.id FROM session s JOIN credential c ON c.password = $1',
  'SELECT s.id FROM session s, credential c WHERE c.password = $1',
  'SELECT id FROM credential GROUP BY id HAVING max(password) = $1',
  'SELECT CASE WHEN password = $1 THEN 1 END FROM credential',
  'SELECT id FROM credential ORDER BY password = $1',
  'SELECT "c"."id" FROM "credential" "c" WHERE "c"."endpointSecret" = $1',
  'SELECT "t"."id" FROM "token" "t" WHERE "t"."value" = $1',
  'WITH found AS (SELECT id FROM credential WHERE password = $1) SELECT id FROM found',
  'SELECT id FROM session WHERE id IN (SELECT id FROM credential WHERE password = $1)',
  'UPDATE "credential" SET "name" = $1 WHERE "password" = $2',
  'UPDATE credential c SET name = $1 FROM session s WHERE c.password = s.password',
  'DELETE FROM "credential" WHERE "password" = $1',
  'DELETE FROM session s USING credential c WHERE c.password = $1',
  'INSERT INTO session (id) SELECT id FROM credential WHERE password = $1',
  'EXPLAIN (ANALYZE) SELECT id FROM credential WHERE password = $1',
  '(SELECT id FROM credential WHERE password = $1) UNION (SELECT id FROM credential)',
  '/* a comment */ SELECT id FROM credential WHERE password = $1',
  '-- a comment\nSELECT id FROM credential WHERE password = $1',
  'SELECT id FROM credential WHERE /* x */ password /* y */ = $1',
  `SELECT '/*' FROM credential WHERE password = $1 OR name = '*/'`,
  'SELECT "it\'s" FROM credential WHERE password = $1',
  'SELECT id FROM vault.stored_key WHERE "cipher text" = $1',
  'SELECT "k"."id" FROM "vault"."stored_key" "k" WHERE "k"."cipher text" = $1',
  'SELECT c.id FROM ONLY credential c WHERE c.password = $1',
]

const allowed: readonly string[] = [
  'SELECT "c"."id" AS "c_id", "c"."password" AS "c_password" FROM "credential" "c" WHERE "c"."id" = $1',
  'SELECT "c"."password" FROM "credential" "c" WHERE ("c"."id" = $1 AND "c"."deletedAt" IS NULL) LIMIT 1',
  'SELECT password, token FROM credential WHERE id = $1',
  'SELECT id, password FROM credential WHERE id IN ($1, $2)',
  'SELECT id FROM credential WHERE password IS NULL',
  'SELECT id FROM credential WHERE password IS NOT NULL AND name = $1',
  'SELECT id FROM credential WHERE name = $1 AND password IS NULL',
  'SELECT id FROM credential WHERE (password IS NULL) = $1',
  'SELECT count(password) FROM credential HAVING count(password) > 0',
  'SELECT COUNT(DISTINCT "c"."password") > 1 FROM "credential" "c"',
  'SELECT id FROM credential ORDER BY password ASC, id DESC',
  'SELECT DISTINCT "distinctAlias"."c_id" AS "ids_c_id" FROM (SELECT "c"."id" AS "c_id", "c"."password" AS "c_password" FROM "credential" "c" WHERE "c"."name" = $1) "distinctAlias" ORDER BY "c_id" ASC LIMIT 1',
  // Columns of the same name in tables beside a protected one.
  'SELECT "a"."id" FROM "account" "a" LEFT JOIN "credential" "c" ON "c"."accountId" = "a"."id" WHERE "a"."password" = $1',
  'SELECT c.password FROM credential c JOIN account a ON a.id = c.id AND a.password = $1',
  'SELECT "s"."token", "s"."value" FROM "session" "s" WHERE "s"."value" = $1 AND "s"."token" = $2',
  'DELETE FROM "session" WHERE "token" = $1 AND "value" = $2',
  'UPDATE "session" SET "token" = $1 WHERE "value" = $2',
  'SELECT id, token, value FROM session WHERE value = $1',
  'SELECT extract(year from created), token, value FROM session WHERE value = $1',
  // Tables and aliases that are called like a column, and the other way round.
  'SELECT "c"."id" FROM "credential" "c" INNER JOIN "token" "token" ON "token"."id" = "c"."tokenId"',
  'SELECT "c"."id" FROM "credential" "c" INNER JOIN "token" "token" ON "c"."tokenId"="token"."id"',
  'SELECT c.id FROM credential c JOIN token ON token.id = c.x WHERE c.x = token.id',
  'SELECT password($1) = id FROM credential',
  // Tables whose names hold a protected name, and protected names in other schemas.
  'SELECT value FROM token_log WHERE value = $1',
  'SELECT value FROM my_token WHERE value = $1',
  'SELECT value FROM "access token" WHERE value = $1',
  'SELECT "password" FROM "credential_archive" "a" WHERE "a"."password" = $1',
  'SELECT password FROM archive.credential WHERE password = $1',
  'SELECT password FROM credential.login WHERE password = $1',
  'SELECT "cipher text" FROM public.stored_key WHERE "cipher text" = $1',
  // Columns whose names hold a protected name.
  'SELECT id FROM credential WHERE password_hint = $1 AND "my password" = $2 AND "token_id" = $3',
  // Assignments.
  'UPDATE "credential" SET "password" = $1, "encryption_metadata" = $2 WHERE "id" IN ($3)',
  'UPDATE "credential" SET "password" = NULL',
  'UPDATE "credential" SET "password" = NULL RETURNING "id"',
  'UPDATE credential c SET password = NULL FROM session s WHERE s.id = c.id',
  'WITH old AS (SELECT id FROM session) UPDATE credential SET password = NULL WHERE id IN (SELECT id FROM old)',
  'INSERT INTO "credential"("id", "password") VALUES ($1, $2)',
  'INSERT INTO "credential"("password") VALUES ($1) ON CONFLICT ("name") DO UPDATE SET "password" = EXCLUDED."password"',
  'INSERT INTO credential (password) SELECT $1 ON CONFLICT (name) DO UPDATE SET password = EXCLUDED.password RETURNING id',
  // Texts that speak of a comparison.
  `SELECT id FROM credential WHERE name = 'password = secret'`,
  `SELECT 'it''s', 'password = ' FROM credential`,
  'SELECT id FROM credential -- where password = $1',
  'SELECT id FROM credential /* password = $1 */',
  // What is not a query.
  'CREATE INDEX i ON credential (password) WHERE password = $1',
  'ALTER TABLE credential ADD CHECK (password <> $1)',
  'CREATE TRIGGER t AFTER UPDATE ON credential FOR EACH ROW WHEN (NEW.password = OLD.password) EXECUTE FUNCTION f()',
  'START TRANSACTION',
  'COMMENT ON COLUMN credential.password IS $1',
]

for (const query of refused) test(`a comparison: ${query}`, () => expect(compares(query)).toBe(true))
for (const query of allowed) test(`no comparison: ${query}`, () => expect(compares(query)).toBe(false))

// What takes exponential time does not end before the runner gives up.
test('long lists of keys, brackets and columns are read to their end', () => {
  const keys = Array.from({ length: 20_000 }, (_, index) => `$${index + 1}`).join(', ')
  const columns = Array.from({ length: 500 }, (_, index) => `"c"."column${index}" AS "c_column${index}"`).join(', ')
  expect(compares(`SELECT ${columns}, "c"."password" FROM "credential" "c" WHERE "c"."id" IN (${keys})`)).toBe(false)
  expect(compares(`SELECT ${'('.repeat(2_000)} FROM credential WHERE ${'a '.repeat(20_000)}`)).toBe(false)
  expect(compares(`SELECT 1 FROM credential WHERE ${'= '.repeat(5_000)} ${'x('.repeat(5_000)}`)).toBe(false)
  expect(compares(`SELECT 1 FROM credential WHERE ${'password, '.repeat(3_000)}`)).toBe(false)
  expect(compares(`SELECT 1 FROM credential ${', credential'.repeat(3_000)}`)).toBe(false)
})
