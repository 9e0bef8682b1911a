import { objectAt, parseJson } from '../../../src/kms/untrusted-json.js'

/** One `path` of a policy. */
export interface PolicyPath {
  readonly pattern: string
  readonly capabilities: readonly string[]
  /** What else stands with it, such as parameters that are required. */
  readonly conditions: readonly string[]
}

/** The paths of a policy in HCL or JSON. Undefined for what is not understood to its end: there may be more in it. */
export function policyPathsOf(text: string): readonly PolicyPath[] | undefined {
  const json = objectAt(parseJson(text))
  return json ? pathsOfJson(json['path']) : pathsOfHcl(text)
}

function pathsOfJson(paths: unknown): readonly PolicyPath[] | undefined {
  const found = objectAt(paths)
  if (!found || Object.values(found).some((each) => !objectAt(each))) return undefined
  return Object.entries(found).map(([pattern, written]) => {
    const { capabilities, policy, ...rest } = objectAt(written)!
    const conditions = Object.keys(rest).length > 0 ? [JSON.stringify(rest)] : []
    return {
      pattern,
      capabilities: [capabilities, policy].flat().filter((each) => typeof each === 'string'),
      conditions,
    }
  })
}

const TOKEN = /\s+|#[^\n]*|\/\/[^\n]*|\/\*[\s\S]*?\*\/|("(?:[^"\\\n]|\\.)*"|[\w.-]+|[{}[\]=,:])/y

function pathsOfHcl(text: string): readonly PolicyPath[] | undefined {
  const tokens: string[] = []
  const scanner = new RegExp(TOKEN)
  while (scanner.lastIndex < text.length) {
    const [whole, token] = scanner.exec(text) ?? []
    if (whole === undefined) return undefined
    if (token !== undefined) tokens.push(token)
  }
  const paths: PolicyPath[] = []
  for (let at = 0; at < tokens.length; ) {
    const end = endOfBlock(tokens, at + 2)
    const pattern = tokens[at + 1]
    if (!/^"?path"?$/.test(tokens[at]!) || !pattern?.startsWith('"') || end === undefined) return undefined
    paths.push(pathOf(textOf(pattern), tokens.slice(at + 3, end)))
    at = end + 1
  }
  return paths
}

/** Where the block ends that begins here; undefined where none does. */
function endOfBlock(tokens: readonly string[], begin: number): number | undefined {
  if (tokens[begin] !== '{') return undefined
  let depth = 0
  for (let at = begin; at < tokens.length; at++) {
    if (tokens[at] === '{') depth++
    if (tokens[at] === '}' && --depth === 0) return at
  }
  return undefined
}

function pathOf(pattern: string, body: readonly string[]): PolicyPath {
  const at = body.findIndex((token) => /^"?(capabilities|policy)"?$/.test(token))
  const isList = body[at + 2] === '['
  const end = isList ? body.indexOf(']', at) : at + 2
  const written = at < 0 ? [] : body.slice(at + 2, end + 1)
  const rest = at < 0 ? body : [...body.slice(0, at), ...body.slice(end + 1)]
  return {
    pattern,
    capabilities: written.filter((token) => token.startsWith('"')).map(textOf),
    conditions: rest.length > 0 ? [rest.join(' ')] : [],
  }
}

const textOf = (token: string) => token.slice(1, -1).replaceAll(/\\(.)/g, '$1')
