import { readPatches } from './mutants/patches.js'

const AREAS = {
  'src/postgres/': 'Guard and rewrapping, in the database',
  'src/typeorm/': 'TypeORM',
  'src/envelope/': 'Envelopes',
  'src/kms/': 'Data keys, contexts and calls to a KMS',
  'src/errors.ts': 'Errors',
  'src/config/': 'Configuration',
  'src/opentelemetry/': 'Telemetry',
  'providers/': 'Providers',
}

/** Every mutant, by where its check stands: `docs/threat-model.md` says what the checks are for. */
export async function securityChecksPage() {
  const patches = readPatches()
  const sections = Object.entries(AREAS).flatMap(([path, title]) => {
    const rows = patches.filter(({ changed }) => changed[0].startsWith(path)).map(rowOf)
    return rows.length === 0
      ? []
      : [`## ${title}\n\n| keeps out | test | mutant |\n|---|---|---|\n${rows.join('\n')}\n`]
  })
  return `<!-- Written by scripts/docs.js from the patches in test/mutants. -->
# Security checks

What each check of the source keeps out, the test that fails without it, and the patch that takes it out. \`npm run
test:mutants\` applies each patch to a copy of the project and demands that its test, which passes without it, fails by an
assertion; \`npm run test:mutants -- NAME\` does that with some. [The threat model](threat-model.md) says which claims rest
on them.

${sections.join('\n')}`
}

function rowOf({ name, check, test }) {
  const cells = [check, `\`${test.file}\` "${test.title}"`, `[\`${name}\`](../test/mutants/${name}.patch)`]
  return `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`
}
