// What a command without protection does with a secret from standard input: the positive control of every place.
const { spawnSync } = require('node:child_process')
const { readFileSync, writeFileSync } = require('node:fs')
const { tmpdir } = require('node:os')
const { join } = require('node:path')
const pg = require('pg')

const secret = readFileSync(0, 'utf8')
process.title = secret
process.stdout.write(secret)
process.stderr.write(Buffer.from(secret).toString('base64'))
writeFileSync(join(tmpdir(), 'secret'), Buffer.from(secret, 'utf16le'))
spawnSync(process.execPath, ['--eval', '0', Buffer.from(secret).toString('hex')])

const client = new pg.Client({ connectionString: process.env.DATABASE_URL })
client
  .connect()
  .then(() => client.query('create table in_the_open as select $1::text as secret', [secret]))
  .then(() => client.query("select pg_notify('waxseal_forget', $1)", [secret]))
  .then(() => client.end())
