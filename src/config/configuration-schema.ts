import { z } from 'zod'
import { providers, wrapOnlyRecipients } from '../../providers/index.js'
import type { KmsProvider, WrapOnlyRecipient } from '../kms/provider.js'
import { isDuration } from '../lifecycle/duration.js'
import { auditSection } from './audit-section.js'
import type { DataSourceLike, ProviderSection, RecipientSection } from './configuration.js'
import { expecting, strict } from './problems.js'
import { protectedTable } from './table-declaration.js'

const METHODS = ['currentKek', 'generateDataKey', 'wrap', 'unwrap', 'rewrap']
const NAMES = Object.keys(providers).join(', ')
const RECIPIENTS = Object.keys(wrapOnlyRecipients).join(', ')
const PROVIDER = `a provider, or { name, … } with the name of one (${NAMES}) and its options`

const provider = z
  .custom<KmsProvider | ProviderSection>(
    (value) => !isRecipientSection(value) && !isWrapOnly(value),
    expecting('a provider, which unwraps: a recovery key only wraps; list it in "recipients"'),
  )
  .refine((value) => isProvider(value) || isSection(value), expecting(PROVIDER))
const recipient = z.custom<KmsProvider | WrapOnlyRecipient | ProviderSection | RecipientSection>(
  (value) => isProvider(value) || isWrapOnly(value) || isSection(value) || isRecipientSection(value),
  expecting(`${PROVIDER}, or a recipient: of a name (${RECIPIENTS}), or with the methods currentKek and wrap`),
)

/** What the examples in this repository put where a value of one's own belongs. */
const isPlaceholder = (text: string) => /change-?me/i.test(text)
const text = z
  .string(expecting('text'))
  .min(1, expecting('text that is not empty'))
  .refine((value) => !isPlaceholder(value), expecting('a value of your own instead of the placeholder'))

const INSTANT = /^\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d(\.\d+)?)?Z)?$/
/** A day that does not exist would be taken for one of the next month. */
const isInstant = (text: string) => {
  return INSTANT.test(text) && new Date(`${text.slice(0, 10)}T00:00:00Z`).getUTCDate() === Number(text.slice(8, 10))
}
const until = z
  .custom<Date | string>(
    (value) => (value instanceof Date || isInstant(String(value))) && !Number.isNaN(Number(new Date(value as string))),
    expecting('a Date, or an instant such as 2026-12-31 or 2026-12-31T18:00:00Z'),
  )
  .transform((value) => new Date(value))

export const configurationSchema = strict({
  provider,
  recipients: z.array(recipient, expecting('a list')).default([]),
  accepted: z
    .array(
      strict({
        provider,
        kek: strict({ id: text, version: text.optional() }).optional(),
        until: until.optional(),
      }),
      expecting('a list of { provider, kek, until }'),
    )
    .default([]),
  database: text.refine(isPostgresUrl, expecting('a URL such as postgres://user@host:5432/database')).optional(),
  dataSource: z
    .custom<DataSourceLike | (() => unknown) | string>(
      (value) => typeof value === 'function' || isDataSource(value) || (typeof value === 'string' && value !== ''),
      expecting('a TypeORM DataSource, a function that returns one, or "path#export"'),
    )
    .optional(),
  tables: z.array(protectedTable, expecting('a list of tables')).min(1, expecting('at least one table')).optional(),
  environment: text.optional(),
  kekPerContext: z.boolean(expecting('true or false')).optional(),
  rotation: strict({
    every: z.custom<string>(isDuration, expecting('a duration such as 90d')),
  }).optional(),
  audit: auditSection.optional(),
}).refine(({ dataSource, tables }) => dataSource === undefined || tables === undefined, {
  path: ['tables'],
  ...expecting('either "dataSource" or "tables": two lists of the same tables would come to differ'),
})

export type ValidConfiguration = z.output<typeof configurationSchema>

/** By shape: it may come from the other build of this library, or be somebody's own. */
export function isProvider(value: unknown): value is KmsProvider {
  return isNamed(value) && METHODS.every((method) => typeof Reflect.get(value, method) === 'function')
}

export function isWrapOnly(value: unknown): value is WrapOnlyRecipient {
  const has = (method: string) => typeof Reflect.get(value as object, method) === 'function'
  return isNamed(value) && has('currentKek') && has('wrap') && !has('unwrap')
}

export function isDataSource(value: unknown): value is DataSourceLike {
  const { options, initialize } = (value ?? {}) as Partial<DataSourceLike>
  return typeof options === 'object' && options !== null && typeof initialize === 'function'
}

function isSection(value: unknown): value is ProviderSection {
  return isNamed(value) && Object.hasOwn(providers, value.name) && typeof Reflect.get(value, 'wrap') !== 'function'
}

export function isRecipientSection(value: unknown): value is RecipientSection {
  return (
    isNamed(value) && Object.hasOwn(wrapOnlyRecipients, value.name) && typeof Reflect.get(value, 'wrap') !== 'function'
  )
}

function isNamed(value: unknown): value is { readonly name: string } {
  return typeof value === 'object' && value !== null && typeof Reflect.get(value, 'name') === 'string'
}

function isPostgresUrl(value: string): boolean {
  return URL.canParse(value) && /^postgres(ql)?:$/.test(new URL(value).protocol)
}
