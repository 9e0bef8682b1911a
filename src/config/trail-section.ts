import { z } from 'zod'
import { providers } from '../../providers/index.js'
import type { ProviderTrail } from '../audit/trail/provider-trail.js'
import { expecting } from './problems.js'

/** One audit trail, by who keeps it and by the reader that reads it. The further members are options of the reader. */
export interface TrailDeclaration {
  /** Whose trail it is: the name of a provider here, or of your own, as its KEK refs have it. */
  readonly provider: string
  /** One of the provider's readers; `providers/<name>/README.md` lists them with their options. */
  readonly reader: string
  /** What understands the trail of a provider of your own, and makes its readers. Those here have theirs. */
  readonly trail?: ProviderTrail
  readonly [option: string]: unknown
}

const MEMBERS: Readonly<Record<keyof ProviderTrail, string>> = {
  ...{
    normalize: 'function',
    scopeOf: 'function',
    kekIdOf: 'function',
    requests: 'object',
    identifies: 'object',
  },
  ...{
    logName: 'string',
    cloudOf: 'function',
    isLedgerOnly: 'boolean',
    showsContext: 'boolean',
    delays: 'object',
    expected: 'object',
    limits: 'object',
    readers: 'object',
  },
}

/** By shape, as a provider: it may come from the other build of this library. */
function isTrail(value: unknown): value is ProviderTrail {
  if (typeof value !== 'object' || value === null) return false
  return Object.entries(MEMBERS).every(([member, type]) => typeof Reflect.get(value, member) === type)
}

const text = z.string(expecting('text')).min(1, expecting('text that is not empty'))
const names = Object.keys(providers)

/** The options of a reader are checked by the reader, when it is made. */
export const trailSection = z
  .looseObject(
    {
      provider: text,
      reader: text,
      trail: z
        .custom<ProviderTrail>(isTrail, expecting(`a ProviderTrail, which has ${Object.keys(MEMBERS).join(', ')}`))
        .optional(),
    },
    expecting('{ provider, reader, … } with the options of the reader'),
  )
  .superRefine(({ provider, trail }, { addIssue }) => {
    if (names.includes(provider) === (trail === undefined)) return
    const known = names.join(', ')
    if (trail) addIssue({ code: 'custom', path: ['trail'], message: `none for a provider of those here (${known})` })
    else {
      const message = `one of ${known}, or the name of a provider of your own beside its "trail"`
      addIssue({ code: 'custom', path: ['provider'], message })
    }
  })
  .transform((declared) => declared as TrailDeclaration)
