import type { SourceFile } from './files.js'
import { type Node, nodesOf } from './syntax.js'

const SEAMS_IN = /^src\/(kms|envelope|postgres|rotation|adoption|audit|typeorm)\//

/**
 * Optional methods of an interface. Whoever holds a `KmsProvider`, a `CallLedger` or a `Clock` must not have to ask what
 * this one can do. What a caller passes in (`…Options`) may be left out, callbacks too.
 */
export function seamProblems(file: SourceFile): string[] {
  if (!SEAMS_IN.test(file.path)) return []
  return nodesOf(file)
    .filter((node) => node.type === 'TsInterfaceDeclaration' && !node.id.value.endsWith('Options'))
    .flatMap((node) => {
      return (node.body.body as Node[])
        .filter((member) => member.optional && isMethod(member))
        .map((member) => {
          return `${file.path}: ${node.id.value}.${member.key.value} is an optional method: make it part of the contract or another interface`
        })
    })
}

function isMethod(member: Node): boolean {
  if (member.type === 'TsMethodSignature') return true
  if (member.type !== 'TsPropertySignature' || !member.typeAnnotation) return false
  const { typeAnnotation: type } = member.typeAnnotation
  const parts: Node[] = type.type === 'TsUnionType' ? type.types : [type]
  return parts.some(
    (part) => (part.type === 'TsParenthesizedType' ? part.typeAnnotation : part).type === 'TsFunctionType',
  )
}
