import { posix } from 'node:path'
import type { SourceFile } from './files.js'
import { type Node, nodesOf, nodesWithin } from './syntax.js'

/** One option that a user can give: where it is declared, of what it is an option, and what its docstring says. */
export interface Option {
  readonly path: string
  /** The name of the type, `waxseal` and the file of a command, `environment`, or of which provider. */
  readonly of: string
  readonly name: string
  readonly says: string
}

/** The test that shows what an option does: its file, and its title or the fixed part of a title with a `${…}`. */
export type Effect = readonly [file: string, title: string]

/** By what they are options of, then by their names. */
export type Effects = Readonly<Record<string, Readonly<Record<string, Effect>>>>

const OPTION_TYPES = /(Options|Declaration|^Configuration|AcceptedKek)$/

/** The options of the types that an entry exports; of those that extend another, their own. */
export function optionsOfTypes(entries: readonly SourceFile[], files: readonly SourceFile[]): Option[] {
  const exported = new Set(entries.flatMap(exportedTypes))
  return files.flatMap((file) =>
    nodesOf(file)
      .filter((node) => node.type === 'TsInterfaceDeclaration' && exported.has(`${file.path} ${node.id.value}`))
      .flatMap((node) => {
        const comments = docstringsIn(file.text, node.id.value)
        return (node.body.body as Node[]).flatMap((member): Option[] => {
          // An index signature names no option.
          const name = member.key?.value
          return name ? [{ path: file.path, of: node.id.value, name, says: comments.get(name) ?? '' }] : []
        })
      }),
  )
}

/** Each by its file and its name: two entries may have types of one name. */
function exportedTypes(entry: SourceFile): string[] {
  return nodesOf(entry).flatMap((node) => {
    if (node.type !== 'ExportNamedDeclaration' || !node.source) return []
    const file = posix.join(posix.dirname(entry.path), node.source.value).replace(/\.js$/, '.ts')
    const names = (node.specifiers as Node[]).map(({ orig }) => String(orig?.value))
    return names.filter((name) => OPTION_TYPES.test(name)).map((name) => `${file} ${name}`)
  })
}

/** By member. The syntax tree has no comments; members stand two spaces from the margin, as the formatter puts them. */
function docstringsIn(text: string, type: string): Map<string, string> {
  const start = text.search(new RegExp(`^export interface ${type}\\b`, 'm'))
  const body = text.slice(start, text.indexOf('\n}', start))
  const members = body.matchAll(/(?:^ {2}\/\*\*((?:(?!\*\/)[\s\S])*)\*\/\n)? {2}(?:readonly )?(\w+)\??:/gm)
  return new Map([...members].map(([, comment = '', name]) => [name as string, plain(comment)]))
}

const plain = (comment: string) => comment.replaceAll(/\s*\n\s*\* ?/g, ' ').trim()

/** The flags of the command line, by the file of their command. */
export function optionsOfCommands(files: readonly SourceFile[]): Option[] {
  return files.flatMap((file) =>
    nodesOf(file).flatMap((node): Option[] => {
      if (!declaresFlag(node)) return []
      const [flags, says] = node.arguments.map((argument: Node) => String(argument.expression.value ?? ''))
      const name = /--[\w-]+/.exec(flags)?.[0]
      return name ? [{ path: file.path, of: `waxseal ${file.path.replace(/^src\/cli\/|\.ts$/g, '')}`, name, says }] : []
    }),
  )
}

function declaresFlag(node: Node): boolean {
  if (node.type === 'NewExpression') return node.callee.value === 'Option'
  const method = node.type === 'CallExpression' && node.callee.type === 'MemberExpression' && node.callee.property.value
  return method === 'option' || method === 'requiredOption'
}

/** The variables that the one reader of the environment asks for. Those of providers are the options of their sections. */
export function optionsOfEnvironment(file: SourceFile): Option[] {
  const names = nodesOf(file).flatMap((node): string[] => {
    const { type, property, value } = node
    if (type === 'MemberExpression' && property.type === 'Identifier') return [property.value]
    if (type === 'KeyValuePatternProperty' || type === 'AssignmentPatternProperty') return [node.key.value]
    return type === 'StringLiteral' ? [value] : []
  })
  const variables = new Set(names.flatMap((name) => /^(?:WAXSEAL_[A-Z_]*[A-Z]|DATABASE_URL)$/.exec(name) ?? []))
  return [...variables].map((name) => ({ path: file.path, of: 'environment', name, says: '' }))
}

/** What the section of a provider may hold in a configuration: the list `OPTIONS` of its `connect.ts`. */
export function optionsOfSections(files: readonly SourceFile[]): Option[] {
  return files.flatMap((file) => {
    const provider = /^providers\/([^/]+)\/connect\.ts$/.exec(file.path)?.[1]
    const list = nodesOf(file).find((node) => node.type === 'VariableDeclarator' && node.id.value === 'OPTIONS')
    if (!provider || !list) return []
    const names = nodesWithin(list.init).flatMap((node) => (node.type === 'StringLiteral' ? [String(node.value)] : []))
    const of = `options of the provider "${provider}"`
    return names.map((name) => ({ path: file.path, of, name, says: '' }))
  })
}

/** `read` gives the text of a file, or undefined when there is none. */
export function optionProblems(
  options: readonly Option[],
  effects: Effects,
  read: (path: string) => string | undefined,
): string[] {
  const known = new Set(options.map(({ of, name }) => `${of} ${name}`))
  const listed = Object.entries(effects).flatMap(([of, entries]) => Object.keys(entries).map((name) => [of, name]))
  return [
    ...options.flatMap((option) => [
      ...effectProblems(option, effects[option.of]?.[option.name], read),
      ...documentationProblems(option, read),
    ]),
    ...listed
      .filter(([of, name]) => !known.has(`${of} ${name}`))
      .map(([of, name]) => `test/rules/option-effects.ts lists ${name} of ${of}, which no longer exists: remove it`),
  ]
}

function effectProblems(
  { path, of, name }: Option,
  effect: Effect | undefined,
  read: (path: string) => string | undefined,
): string[] {
  if (!effect) {
    return [
      `${path}: ${name} of ${of} has no test: write one that fails when the option has no effect, and name it in test/rules/option-effects.ts`,
    ]
  }
  const [file, title] = effect
  const text = read(file)
  if (text?.includes(title) || text?.includes(title.replaceAll("'", "\\'"))) return []
  return [
    `test/rules/option-effects.ts: ${name} of ${of} names "${title}" in ${file}, which is no test there: name the test that shows its effect`,
  ]
}

/** Types have a page of their own, which is written from the docstrings; the rest stands on a page somebody wrote. */
function documentationProblems({ path, of, name, says }: Option, read: (path: string) => string | undefined): string[] {
  const isOfType = /^\w+$/.test(of) && of !== 'environment'
  if (isOfType && says === '') {
    return [`${path}: ${name} of ${of} has no docstring: say what it does and its default; docs/options.md prints it`]
  }
  const pages = isOfType ? ['docs/options.md'] : ['docs/cli.md', `${path.slice(0, path.lastIndexOf('/'))}/README.md`]
  const isNamed = new RegExp(`(?<![\\w-])${name}(?![\\w-])`)
  if (pages.some((page) => isNamed.test(read(page) ?? ''))) return []
  const remedy = isOfType ? 'run node scripts/docs.js' : 'add it there'
  return [`${path}: ${name} of ${of} is not in ${pages.join(' or ')}: ${remedy}`]
}
