import type { SourceFile } from './files.js'
import { type Node, nodesOf } from './syntax.js'

/** Ciphers are made where a reviewer looks for them. */
const CIPHERS_IN = [
  'src/envelope/aead.ts',
  'src/adoption/readers/legacy-cipher.ts',
  'providers/local/',
  'providers/offline/',
  'src/testing/',
]
const CIPHERS = new Set([
  'createCipheriv',
  'createDecipheriv',
  'publicEncrypt',
  'privateDecrypt',
  'subtle',
  'webcrypto',
])

/**
 * Everybody else is handed what is in the environment. Readers are declared beside entities, and DataSources are made where
 * nobody hands them anything. The watchdog copies some of it into a child process.
 */
const ENVIRONMENT_IN = [
  'src/config/',
  'src/typeorm/production.ts',
  'src/adoption/readers/legacy-key.ts',
  'src/testing/postgres-watchdog.ts',
]

export function cipherProblems(file: SourceFile): string[] {
  if (within(CIPHERS_IN, file.path)) return []
  const used = new Set(nodesOf(file).flatMap((node) => (node.type === 'Identifier' ? [String(node.value)] : [])))
  return [...CIPHERS]
    .filter((name) => used.has(name))
    .map((name) => `${file.path} uses ${name}: encrypt through src/envelope/aead.ts, the one place that makes ciphers`)
}

export function environmentProblems(file: SourceFile): string[] {
  if (within(ENVIRONMENT_IN, file.path)) return []
  return nodesOf(file).some(readsEnvironment)
    ? [
        `${file.path} reads the environment: take the value as a parameter; src/config is the only reader of process.env`,
      ]
    : []
}

function readsEnvironment(node: Node): boolean {
  const isProcess = (other: Node | undefined) => other?.type === 'Identifier' && other.value === 'process'
  if (node.type === 'VariableDeclarator' && isProcess(node.init)) return namesEnv(node.id.properties)
  if (node.type === 'ImportDeclaration') return node.source.value === 'node:process' && namesEnv(node.specifiers)
  if (node.type !== 'MemberExpression' || !isProcess(node.object)) return false
  const { property } = node
  return (property.type === 'Computed' ? property.expression.value : property.value) === 'env'
}

/** Among the properties that are taken apart, or the names that are imported. */
function namesEnv(parts: readonly Node[] = []): boolean {
  return parts.some((part) => (part.key ?? part.imported ?? part.local)?.value === 'env')
}

const within = (places: readonly string[], path: string) => places.some((place) => path.startsWith(place))
