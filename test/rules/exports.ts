import type { SourceFile } from './files.js'
import { nodesOf } from './syntax.js'

type Conditions = Readonly<Record<string, Readonly<Record<string, string>>>>
export type Exports = Readonly<Record<string, string | Conditions>>

/** Subpaths that are not a folder of ours, or not both builds of it. */
export function exportProblems(exports: Exports, exists: (path: string) => boolean): string[] {
  return Object.entries(exports).flatMap(([subpath, target]) => {
    if (subpath.includes('*')) return [`package.json: ${subpath} is a wildcard: name each subpath, it is a promise`]
    if (subpath === './package.json') return []
    const entry = entryOf(subpath)
    if (!exists(`${entry}.ts`))
      return [`package.json: ${subpath} has no ${entry}.ts: a subpath is the folder that it names`]
    const expected = { import: build('esm', entry), require: build('cjs', entry) }
    return JSON.stringify(target) === JSON.stringify(expected)
      ? []
      : [`package.json: ${subpath} must be ${JSON.stringify(expected)}, in this order: "types" first`]
  })
}

/** The source of a subpath, without its suffix: `src/kms/index` of `./kms`. */
export function entryOf(subpath: string): string {
  if (subpath === '.') return 'src/index'
  return `${subpath.startsWith('./providers/') ? '' : 'src/'}${subpath.slice(2)}/index`
}

const build = (kind: string, entry: string) => ({
  types: `./dist/${kind}/${entry}.d.ts`,
  default: `./dist/${kind}/${entry}.js`,
})

/** Entries that do more than pass on what other files export. */
export function entryProblems(entry: SourceFile): string[] {
  const statements = nodesOf(entry)[0]!.body as { type: string; source?: unknown }[]
  const others = statements.filter(({ type, source }) => !/^Export(All|Named)Declaration$/.test(type) || !source)
  return others.map(
    ({ type }) => `${entry.path} has a statement of its own (${type}): an entry holds "export … from" only`,
  )
}

/** Mentions of subpaths that nobody can import. */
export function mentionProblems({ path, text }: SourceFile, exports: Exports): string[] {
  return [...text.matchAll(/(?<=['"`])waxseal\/([\w./-]*\w)(?=['"`])/g)]
    .map(([, subpath]) => `./${subpath}`)
    .filter((subpath) => !(subpath in exports))
    .map((subpath) => `${path} names waxseal${subpath.slice(1)}, which package.json does not export`)
}
