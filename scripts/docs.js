// Writes the documents that are made from the tests. With --check it writes nothing and fails where a document
// is not what it would write.
import { readFileSync, writeFileSync } from 'node:fs'
import { transformSync } from '@swc/core'
import { optionsPage } from './options-page.js'
import { securityChecksPage } from './security-checks-page.js'
import { typeormSafetyPage } from './typeorm-safety-page.js'

const documents = {
  'docs/kms-calls.md': kmsCalls,
  'docs/options.md': optionsPage,
  'docs/security-checks.md': securityChecksPage,
  'docs/typeorm-safety.md': typeormSafetyPage,
}

const check = process.argv.includes('--check')
const unknown = process.argv.slice(2).filter((argument) => argument !== '--check')
if (unknown.length > 0) {
  console.error(`unknown argument ${unknown.join(' ')}; the only one is --check`)
  process.exit(2)
}

const outdated = []
for (const [path, render] of Object.entries(documents)) {
  const text = await render()
  if (textOf(path) === text) continue
  outdated.push(path)
  if (!check) writeFileSync(path, text)
}
if (outdated.length > 0) console.log(`${check ? 'out of date' : 'written'}: ${outdated.join(', ')}`)
if (check && outdated.length > 0) {
  console.log('run: node scripts/docs.js')
  process.exit(1)
}

async function kmsCalls() {
  const { KMS_CALLS } = await importTable('test/typeorm/kms-call-table.ts')
  const rows = Object.entries(KMS_CALLS).flatMap(([operation, modes]) => {
    const counts = Object.entries(modes).flatMap(([mode, calls]) => (calls ? [{ mode, ...calls }] : []))
    const [first, second] = counts
    // One line where the mode makes no difference.
    const same = second && ['warm', 'cold', 'off'].every((state) => first[state] === second[state])
    return same ? [[operation, 'both', first]] : counts.map((each) => [operation, each.mode, each])
  })
  return `<!-- Written by scripts/docs.js from test/typeorm/kms-call-table.ts, which test/typeorm/kms-calls.test.ts asserts. -->
# KMS calls per operation

What each operation asks of the KMS, for entities with two encrypted fields and a provider without recipients. Every
number is asserted with a ledger that stands in front of the KMS. A *transparent* field is decrypted when its row is
loaded, a *lazy* one when its \`decrypt()\` is called.

- **warm**: the data keys of the rows are in the cache, where they stay for five minutes after they were made or unwrapped.
- **cold**: they are not.
- **cache off**: the cipher has \`cache: false\`; every opening of an envelope is a call.

\`generate\` is \`generateDataKey\`. Each recipient adds one \`wrap\` to a \`generate\`. A failed attempt that is repeated by
\`RetryingProvider\` is a call of its own, and a cipher of \`connectCipher()\` unwraps the first wrap that the process makes
under each version of a KEK, to prove it: one more unwrap (\`ProvingProvider\`). The calls for rows that one
statement loads, or that are written together, run at most 64 at a time and share one deadline (5 s unless \`timeoutMs\`
says otherwise); [typeorm.md](typeorm.md#what-holds-a-connection-and-for-how-long) says what that means for a pool.

| operation | fields | warm | cold | cache off |
|---|---|---|---|---|
${rows.map(([operation, mode, { warm, cold, off }]) => `| ${operation} | ${mode} | ${warm} | ${cold} | ${off} |`).join('\n')}

\`save()\` of an existing row loads it first, which is what its unwrap is for; \`updateEncrypted()\` loads it under a lock
before that. A change of every field, or of what the envelope is bound to (a context column, a bound primary key), makes a
new data key; any other change keeps the row's own. \`rewrapRows()\` proves each new wrap by unwrapping it, and runs at
most 10 rows at a time unless it is told otherwise.

A process in the [fleet](operations.md#the-fleet) asks \`currentKek\` when it starts and every 30 s, once for each set of KEKs
that it used lately; its heartbeats make no call.
`
}

/** The exports of a TypeScript file that imports nothing. */
async function importTable(path) {
  const { code } = transformSync(readFileSync(path, 'utf8'), {
    filename: path,
    swcrc: false,
    jsc: { target: 'es2022', parser: { syntax: 'typescript' } },
    module: { type: 'es6' },
  })
  return import(`data:text/javascript;base64,${Buffer.from(code).toString('base64')}`)
}

function textOf(path) {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    if (error.code === 'ENOENT') return undefined
    throw error
  }
}
