import type { MirroredTrail } from '../audit/mirror/make-pass.js'
import { ConfigurationError } from '../errors.js'
import { knownTrails } from './known-trails.js'
import type { LoadedConfiguration } from './load-configuration.js'
import type { TrailDeclaration } from './trail-section.js'

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
  const known = knownTrails({ trails })
  const connected: MirroredTrail[] = []
  for (const { provider, reader, trail: _, ...section } of trails) {
    const { normalize, readers } = await known.get(provider)!()
    const make = Object.hasOwn(readers, reader) ? readers[reader] : undefined
    if (!make) {
      const names = Object.keys(readers).join(', ')
      throw new ConfigurationError(
        `audit: expected a reader of the provider "${provider}" (${names || 'it has none'}), found "${reader}"`,
      )
    }
    connected.push({ reader: await make(section), normalize })
  }
  return connected
}
