import type { SourceFile } from './files.js'
import { type Node, nodesOf } from './syntax.js'

const DRAWERS = /^(utils?|helpers?|types|common|misc|shared|lib)$/i
const EMPTY_WORDS = /(Manager|Helpers?|Utils?|Handler|Impl)$|^(Base|Abstract)[A-Z]|Base$/
const NO_KEBAB_CASE = /[^a-z0-9./-]/
const PROVIDERS = /\b(aws|amazon|gcp|google|azure|microsoft|vault|openbao|hashicorp)\b/i
const KNOWS_NO_PROVIDER = /^src\/(kms|envelope|postgres|typeorm|rotation|adoption)\//

/** Files and classes whose names say nothing, and file names that are spelt otherwise than all others. */
export function nameProblems(file: SourceFile): string[] {
  const parts = file.path.replace(/\.ts$/, '').split('/')
  const drawer = parts.find((part) => DRAWERS.test(part))
  return [
    ...(drawer ? [`${file.path}: "${drawer}" is a junk drawer: name the file after its one idea`] : []),
    ...(NO_KEBAB_CASE.test(file.path) ? [`${file.path} is not in kebab-case`] : []),
    ...declaredIn(file)
      .filter((name) => EMPTY_WORDS.test(name))
      .map((name) => `${file.path} declares ${name}: say what it does, not that it does something`),
  ]
}

/**
 * Code above the providers that knows one of them. A difference between providers belongs into the interface or into the
 * provider's own folder. Comments may give the reason of something by a vendor's quirk.
 */
export function providerNameProblems(file: SourceFile): string[] {
  if (!KNOWS_NO_PROVIDER.test(file.path)) return []
  return nodesOf(file)
    .flatMap((node) => textOf(node) ?? [])
    .filter(
      (text) => PROVIDERS.test(text.replace(/([a-z0-9])([A-Z])/g, '$1 $2').replaceAll('_', ' ')) || text === 'local',
    )
    .map((text) => `${file.path} names a provider (${text}): this layer knows the KmsProvider interface only`)
}

function declaredIn(file: SourceFile): string[] {
  return nodesOf(file).flatMap((node) => {
    if (node.type === 'ClassDeclaration') return [String(node.identifier.value)]
    return node.type === 'TsInterfaceDeclaration' || node.type === 'TsTypeAliasDeclaration'
      ? [String(node.id.value)]
      : []
  })
}

function textOf(node: Node): string | undefined {
  if (node.type === 'Identifier' || node.type === 'StringLiteral') return node.value
  return node.type === 'TemplateElement' ? node.raw : undefined
}
