import type { SourceFile } from './files.js'
import { type Node, nodesOf } from './syntax.js'

const RUNNERS = /^[fx]?(test|it|describe)$/
const UNFINISHED = /^(skip|only|todo|failing)$/

/** Tests that do not run, or that keep others from running. */
export function unfinishedTests(file: SourceFile): string[] {
  return nodesOf(file)
    .flatMap((node) => {
      if (node.type === 'CallExpression' && node.callee.type === 'Identifier') {
        return /^[fx](test|it|describe)$/.test(node.callee.value) ? [String(node.callee.value)] : []
      }
      if (node.type !== 'MemberExpression' || !UNFINISHED.test(nameOf(node.property))) return []
      const runner = rootOf(node)
      return RUNNERS.test(runner) ? [`${runner}.${nameOf(node.property)}`] : []
    })
    .map((call) => `${file.path} has ${call}: finish the test or leave it out; a case that cannot run here must say so`)
}

function nameOf(property: Node): string {
  return String(property.type === 'Computed' ? property.expression.value : property.value)
}

/** `test` of `test.concurrent.each([])`. */
function rootOf(node: Node): string {
  if (node.type === 'MemberExpression') return rootOf(node.object)
  if (node.type === 'CallExpression') return rootOf(node.callee)
  return String(node.value)
}
