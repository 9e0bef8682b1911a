// docs/options.md: every option of the types that an entry exports, with what its docstring says.
import { readFileSync } from 'node:fs'

const OPTION_TYPES = /(Options|Declaration|^Configuration|AcceptedKek)$/

/** By the entry that a user imports, in the order of the package's subpaths. */
export function optionsPage() {
  const { exports } = JSON.parse(readFileSync('package.json', 'utf8'))
  const sections = Object.entries(exports).flatMap(([subpath, target]) => {
    if (typeof target === 'string') return []
    const entry = target.import.default.replace('./dist/esm/', '').replace(/\.js$/, '.ts')
    const types = typesOf(entry).flatMap(typeSection)
    return types.length > 0 ? [`## waxseal${subpath.slice(1)}\n\n${types.join('\n')}`] : []
  })
  return `<!-- Written by scripts/docs.js from the docstrings of the sources. -->
# Options

Every option of every public type. An unknown one is an error, and each has a test that fails when it has no effect
(\`test/rules/option-effects.ts\` names it). Flags and environment variables: [cli.md](cli.md).

${sections.join('\n')}`
}

/** The option types that an entry passes on, as pairs of file and name. */
function typesOf(entry) {
  const text = readFileSync(entry, 'utf8')
  return [...text.matchAll(/export (?:type )?\{([^}]*)\} from '(\.[^']+)'/g)].flatMap(([, names, from]) => {
    const file = new URL(from.replace(/\.js$/, '.ts'), `file:///${entry}`).pathname.slice(1)
    return names
      .split(',')
      .map((name) => name.trim().replace(/^type /, ''))
      .filter((name) => OPTION_TYPES.test(name))
      .map((name) => ({ file, name }))
  })
}

function typeSection({ file, name }) {
  const text = readFileSync(file, 'utf8')
  const found = new RegExp(`^export interface ${name}(?: extends ([^{]+))? \\{\\n([\\s\\S]*?)^\\}`, 'm').exec(text)
  // A type by another name of something has no members of its own.
  if (!found) return []
  const [, base, body] = found
  // Members stand two spaces from the margin, as the formatter puts them.
  const members = body.matchAll(/(?:^ {2}\/\*\*((?:(?!\*\/)[\s\S])*)\*\/\n)? {2}(?:readonly )?(\w+)(\??): /gm)
  const rows = [...members].map(([, says = '', member, optional]) => {
    return `| \`${member}\` | ${optional ? '' : 'required'} | ${says
      .replaceAll(/\s*\n\s*\* ?/g, ' ')
      .trim()
      .replaceAll('|', '\\|')} |`
  })
  const also = base ? `And those of \`${base.trim()}\`.\n\n` : ''
  return `### ${name}\n\n${also}| option | | |\n|---|---|---|\n${rows.join('\n')}\n`
}
