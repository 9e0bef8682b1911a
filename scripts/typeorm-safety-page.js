import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

const FOLDER = 'test/typeorm/safety/observed'

const CLASSES = {
  encrypted: /^encrypted$/,
  decrypted: /^decrypted$/,
  'as an `EncryptedValue`, or as ciphertext': /^(?:EncryptedValue|ciphertext)/,
  refused: /^refused /,
  'stopped by the guard': /^stopped /,
  'as before': /^done$/,
  'not in this version, or refused by Postgres': /./,
}

/** `docs/typeorm-safety.md`, from what the safety matrix observed. */
export function typeormSafetyPage() {
  const runs = readdirSync(FOLDER)
    .map((name) => JSON.parse(readFileSync(join(FOLDER, name), 'utf8')))
    .sort((a, b) => compare(b.typeorm, a.typeorm) || compare(b.postgres, a.postgres))
  const versions = [...new Set(runs.map(({ typeorm }) => typeorm))]
  const [first] = runs
  return `<!-- Written by scripts/docs.js from ${FOLDER}, which test/typeorm/safety/matrix.test.ts asserts. -->
# What each operation of TypeORM does

Every operation below is run against a real database with a value that occurs nowhere else, on TypeORM ${list(versions)} and
on Postgres ${list([...new Set(runs.map(({ postgres }) => postgres))])}, and its outcome is what was seen, not what was meant:

- **encrypted**: the value is in no table, not in the server's log with every statement and parameter, and not in TypeORM's;
  with an empty key cache every field of every row opens, and the value is among them.
- **decrypted**, **EncryptedValue**, **ciphertext**: what the reader gets.
- **refused**, with the error's code: nothing was sent, the tables are as they were, and no log and no error has the value.
- **stopped by the guard**, with its rule: the database refused to store it, the tables are as they were, and our error does
  not have the value. The statement has been on the wire; it may be in the log of the server and of TypeORM.
- **as before**: no value is concerned; every field of every row opens afterwards.

*Without* is the same operation on the same entities with plain columns: it shows that the search would have found the value.
Anything else than these outcomes fails the test, whatever was committed. \`npm test -- test/typeorm/safety\` and
\`npm run test:postgres14\` compare; with \`WAXSEAL_WRITE_OBSERVED=1\` they write what \`npm run docs\` makes this page of.

| | ${runs.map(({ typeorm, postgres }) => `TypeORM ${typeorm}, Postgres ${postgres}`).join(' | ')} |
|---|${runs.map(() => '---|').join('')}
${Object.keys(CLASSES)
  .map((name) => `| ${name} | ${runs.map((run) => countOf(run, name)).join(' | ')} |`)
  .join('\n')}
| **operations** | ${runs.map(({ sections }) => `**${sections.flatMap(({ cases }) => cases).length}**`).join(' | ')} |

${first.sections.map((section) => sectionText(section, runs, versions)).join('\n')}
## What no operation can know

- **A plaintext is an ordinary string.** What an application writes into another column, a file or a log is in the open there.
  So is JSON that it made by itself.
- **A hidden comparison.** Conditions as strings are found in the text of the statement.
- **With the listeners off**, a decrypted entity in a json column of another table is not looked for.
- **A failed statement of raw SQL** shows its own values: Postgres prints the row that breaks \`NOT NULL\` or a \`CHECK\`, before the
  guard sees it, and TypeORM's error has the statement and its parameters.
`
}

function sectionText({ title, about, instead, cases }, runs, versions) {
  const rows = cases.map(({ operation, control }, index) => {
    const cells = versions.map((version) => {
      const own = runs.filter(({ typeorm }) => typeorm === version)
      const outcomes = own.map((run) => ({ postgres: run.postgres, outcome: caseOf(run, title, index, operation) }))
      const [{ outcome }] = outcomes
      if (outcomes.every((each) => each.outcome === outcome)) return words(outcome)
      return outcomes.map((each) => `Postgres ${each.postgres}: ${words(each.outcome)}`).join('; ')
    })
    return `| ${code(operation)} | ${[...cells, control].join(' | ')} |`
  })
  const advice = instead ? `\n*Instead:* ${instead}.\n` : ''
  return `## ${title}

${about}
${advice}
| operation | ${versions.map((version) => `TypeORM ${version}`).join(' | ')} | without |
|---|${versions.map(() => '---|').join('')}---|
${rows.join('\n')}
`
}

function caseOf({ typeorm, postgres, sections }, title, index, operation) {
  const found = sections.find((section) => section.title === title)?.cases[index]
  if (found?.operation === operation) return found.outcome
  throw new Error(`${FOLDER}: TypeORM ${typeorm} on Postgres ${postgres} has no outcome for "${title}: ${operation}"`)
}

function countOf({ sections }, name) {
  const classOf = (outcome) =>
    Object.keys(CLASSES).find((each) => outcome.split(', ').every((one) => CLASSES[each].test(one)))
  return sections.flatMap(({ cases }) => cases).filter(({ outcome }) => classOf(outcome) === name).length
}

function words(outcome) {
  const [what, ...rest] = outcome.split(' ')
  if (what === 'refused') return `refused \`${rest.join(' ')}\``
  if (what === 'stopped') return `stopped by the guard (${rest.join(' ')})`
  if (what === 'fails') return `fails with Postgres's own ${rest.at(-1)}`
  return outcome === 'done' ? 'as before' : outcome
}

/** A bar would end the cell. */
function code(text) {
  const fence = text.includes('`') ? '``' : '`'
  return `${fence}${fence.length > 1 ? ' ' : ''}${text.replaceAll('|', '\\|')}${fence.length > 1 ? ' ' : ''}${fence}`
}

const list = (names) => names.join(' and ')
const compare = (a, b) => a.localeCompare(b, undefined, { numeric: true })
