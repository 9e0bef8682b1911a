import { providers } from '../../providers/index.js'
import type { MirroredTrail } from '../audit/mirror/make-pass.js'
import { ConfigurationError } from '../errors.js'
import type { TrailDeclaration } from './audit-section.js'
import type { LoadedConfiguration } from './load-configuration.js'

/** `<provider>` or `<provider>/<reader>`, as an option names trails. */
export function trailsOf(
  { source, audit }: LoadedConfiguration,
  names: readonly string[] | undefined,
): readonly TrailDeclaration[] {
  const trails = audit?.trails ?? []
  if (trails.length === 0) {
    throw new ConfigurationError(`${source}: expected trails in "audit", found none; docs/audit.md says how to add one`)
  }
  const isNamed = (name: string) => (trail: TrailDeclaration) =>
    name === trail.provider || name === `${trail.provider}/${trail.reader}`
  const unknown = names?.find((name) => !trails.some(isNamed(name)))
  if (unknown !== undefined) {
    const known = trails.map(({ provider, reader }) => `${provider}/${reader}`).join(', ')
    throw new ConfigurationError(`--source: expected one of ${known}, found "${unknown}"`)
  }
  return names ? trails.filter((trail) => names.some((name) => isNamed(name)(trail))) : trails
}

/** Makes the readers, each with its SDK; whoever asked closes them. */
export async function connectTrails(trails: readonly TrailDeclaration[]): Promise<MirroredTrail[]> {
  const connected: MirroredTrail[] = []
  for (const { provider, reader, ...section } of trails) {
    const { normalize, readers } = await providers[provider].trail()
    const make = Object.hasOwn(readers, reader) ? readers[reader] : undefined
    if (!make) {
      const known = Object.keys(readers).join(', ')
      throw new ConfigurationError(
        `audit: expected a reader of the provider "${provider}" (${known || 'it has none'}), found "${reader}"`,
      )
    }
    connected.push({ reader: await make(section), normalize })
  }
  return connected
}
