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
  'src/lifecycle/': 'The fleet',
  'src/jobs/': 'Runs',
  'src/rotation/': 'Rotation and renewal',
  'src/adoption/': 'Adoption',
  'src/census/': 'Census and retirement',
  'src/shredding/': 'Shredding',
  'src/audit/': 'The audit',
  'migrations/': 'The schema of the jobs and of the audit',
  'src/cli/': 'Commands',
  'src/testing/': 'Servers for tests',
}

/** Every mutant, by where its check stands: `docs/threat-model.md` says what the checks are for. */
export async function securityChecksPage() {
  const patches = readPatches().map((patch) => ({ ...patch, area: areaOf(patch) }))
  const sections = Object.entries(AREAS).flatMap(([path, title]) => {
    const rows = patches.filter(({ area }) => area === path).map(rowOf)
    return rows.length > 0 ? [`## ${title}\n\n| keeps out | test | mutant |\n|---|---|---|\n${rows.join('\n')}\n`] : []
  })
  return `<!-- Written by scripts/docs.js from the patches in test/mutants. -->
# Security checks

What each check of the source keeps out, the test that fails without it, and the patch that takes it out. \`npm run
test:mutants\` applies each patch outside of the sources and demands that its test, which passes without it, fails by an
assertion; \`npm run test:mutants -- NAME\` does that with some. [The threat model](threat-model.md) says which claims rest
on them.

${sections.join('\n')}`
}

/** A mutant outside of every area would be missing from the page without a word. */
function areaOf({ name, changed }) {
  const area = Object.keys(AREAS).find((path) => changed[0].startsWith(path))
  if (area) return area
  throw new Error(
    `${name}.patch changes ${changed[0]}, for which AREAS in scripts/security-checks-page.js has no title`,
  )
}

function rowOf({ name, check, test }) {
  const cells = [check, `\`${test.file}\` "${test.title}"`, `[\`${name}\`](../test/mutants/${name}.patch)`]
  return `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`
}
