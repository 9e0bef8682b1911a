import { posix } from 'node:path'
import { parseSync } from '@swc/core'
import type { SourceFile } from './files.js'

/** A node of the syntax tree; rules look at the few members that they know. */
export type Node = { readonly type: string } & Record<string, any>

/** Every node of a TypeScript file, outer ones first. */
export function nodesOf({ path, text }: SourceFile): Node[] {
  try {
    return nodesWithin(parseSync(text, { syntax: 'typescript', decorators: true, target: 'es2022' }))
  } catch (cause) {
    throw new Error(`${path} does not parse`, { cause })
  }
}

/** Every node of a part of a syntax tree, that part first. */
export function nodesWithin(part: unknown): Node[] {
  if (typeof part !== 'object' || part === null) return []
  const inner = Object.values(part).flatMap(nodesWithin)
  return 'type' in part && typeof part.type === 'string' ? [part as Node, ...inner] : inner
}

export interface Import {
  /** A package or `node:` name as it is written, a file of ours by its path, or `(computed)`. */
  readonly target: string
  /** `type` leaves nothing behind in JavaScript; `dynamic` loads only when the line is reached. */
  readonly how: 'static' | 'type' | 'dynamic'
}

/** Every module that a file names, in whichever way. */
export function importsOf(file: SourceFile): Import[] {
  return nodesOf(file).flatMap((node) => importOf(node, file.path) ?? [])
}

function importOf(node: Node, path: string): Import | undefined {
  const at = (literal: Node | undefined, how: Import['how']): Import => ({ target: targetOf(literal, path), how })
  switch (node.type) {
    case 'ImportDeclaration':
    case 'ExportAllDeclaration':
    case 'ExportNamedDeclaration':
      return node.source ? at(node.source, node.typeOnly ? 'type' : 'static') : undefined
    case 'TsImportType':
      return at(node.argument, 'type')
    case 'TsExternalModuleReference':
      return at(node.expression, 'static')
    case 'CallExpression': {
      const loads =
        node.callee.type === 'Import' || (node.callee.type === 'Identifier' && node.callee.value === 'require')
      return loads ? at(node.arguments[0]?.expression, 'dynamic') : undefined
    }
    default:
      return undefined
  }
}

function targetOf(literal: Node | undefined, path: string): string {
  if (literal?.type !== 'StringLiteral') return '(computed)'
  const specifier: string = literal.value
  if (!specifier.startsWith('.')) return specifier
  return posix.join(posix.dirname(path), specifier).replace(/\.js$/, '.ts')
}
