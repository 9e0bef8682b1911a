import type { SourceFile } from './files.js'
import { type Node, nodesOf } from './syntax.js'

/** Thrown and caught in the same file: both are of the same build. */
const NEVER_LEAVES = new Set(['src/testing/temporary-postgres.ts: PortTakenError'])

/**
 * `instanceof` of a class of ours. The ESM and the CommonJS build each have one of their own, and an application can
 * load both.
 */
export function instanceofProblems(file: SourceFile): string[] {
  const own = ownClasses(file)
  return nodesOf(file)
    .filter((node) => node.type === 'BinaryExpression' && node.operator === 'instanceof')
    .map(({ right }) => ({ name: right.value ?? right.property?.value, root: right.value ?? right.object?.value }))
    .filter(({ root, name }) => own.has(root) && !NEVER_LEAVES.has(`${file.path}: ${name}`))
    .map(
      ({ name }) => `${file.path} tests instanceof ${name}: give the class a brand (Symbol.for) or compare error.code`,
    )
}

/** What is imported from files of ours, and the classes that this one exports; a private one cannot meet its double. */
function ownClasses(file: SourceFile): Set<string> {
  return new Set(
    nodesOf(file).flatMap((node) => {
      if (node.type === 'ExportDeclaration') return [String(node.declaration.identifier?.value)]
      if (node.type === 'ExportNamedDeclaration') return node.specifiers.map(({ orig }: Node) => orig?.value)
      if (node.type !== 'ImportDeclaration' || !node.source.value.startsWith('.')) return []
      return node.specifiers.map(({ local }: Node) => local.value)
    }),
  )
}
