import type { Attempt, Row, Target } from './attempt.js'
import { copyIn } from './copy-in.js'

/** Past TypeORM's back: the library sees the text of some of these and nothing of the others. The guard sees all. */
export const sqlAttempts: readonly Attempt[] = [
  {
    name: 'raw SQL UPDATE',
    stoppedBy: ['WX001'],
    run: (target, canary) => target.dataSource.query(updateSql(target), [canary, target.row.id]),
  },
  {
    name: 'raw SQL INSERT',
    stoppedBy: ['WX001'],
    run: (target, canary) => target.dataSource.query(insertSql(target), insertValues(target.row, canary)),
  },
  {
    name: 'INSERT … SELECT',
    stoppedBy: ['WX001'],
    run: ({ dataSource, table, row }, canary) =>
      dataSource.query(
        `INSERT INTO ${table} (tenant_id, shop, kind, secret) SELECT tenant_id, shop, kind, $1::text FROM ${table} WHERE id = $2`,
        [canary, row.id],
      ),
  },
  {
    name: 'plaintext beside the wrapped data key',
    stoppedBy: ['WX004', 'WX005'],
    run: ({ dataSource, table, row }, canary) =>
      dataSource.query(
        `UPDATE ${table} SET encryption_metadata = encryption_metadata || jsonb_build_object('note', $1::text) WHERE id = $2`,
        [canary, row.id],
      ),
  },
  {
    name: 'another client: pg',
    stoppedBy: ['WX001'],
    run: (target, canary) => target.connect((client) => client.query(updateSql(target), [canary, target.row.id])),
  },
  {
    name: 'COPY … FROM STDIN',
    stoppedBy: ['WX001'],
    run: (target, canary) =>
      target.connect((client) => {
        const line = `${insertValues(target.row, canary).join('\t')}\n`
        return copyIn(client, `COPY ${target.table} (tenant_id, shop, kind, secret) FROM STDIN`, line)
      }),
  },
  {
    name: 'session_replication_role = replica',
    // Only a superuser may switch ordinary triggers off, which these are not.
    stoppedBy: ['WX001', '42501'],
    run: (target, canary) =>
      target.connect(async (client) => {
        await client.query('SET session_replication_role = replica')
        await client.query(updateSql(target), [canary, target.row.id])
      }),
  },
  {
    name: 'a trigger that rewrites the value',
    stoppedBy: ['WX001'],
    run: async (target, canary) => {
      await target.dataSource.query(rewritingTrigger(target, canary))
      try {
        await target.repository.save({ ...target.row, shop: 'renamed' })
      } finally {
        await target.dataSource.query(`DROP TRIGGER zz_rewrite ON ${target.table}`)
      }
    },
  },
]

function updateSql({ table }: Target): string {
  return `UPDATE ${table} SET secret = $1 WHERE id = $2`
}

function insertSql({ table }: Target): string {
  return `INSERT INTO ${table} (tenant_id, shop, kind, secret) VALUES ($1, $2, $3, $4)`
}

function insertValues({ tenantId, shop, kind }: Row, canary: string): string[] {
  return [tenantId, shop, kind, canary]
}

/** Named to fire after every other one. */
function rewritingTrigger({ table }: Target, canary: string): string {
  const schema = table.slice(0, table.lastIndexOf('.'))
  return `CREATE OR REPLACE FUNCTION ${schema}.rewrite_secret() RETURNS trigger LANGUAGE plpgsql
      AS $$ BEGIN NEW.secret := TG_ARGV[0]; RETURN NEW; END $$;
    CREATE TRIGGER zz_rewrite BEFORE UPDATE ON ${table} FOR EACH ROW EXECUTE FUNCTION ${schema}.rewrite_secret('${canary}')`
}
