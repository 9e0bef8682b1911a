import type { ProviderName, WrapOnlyName } from '../../providers/index.js'
import type { KmsProvider, WrapOnlyRecipient } from '../kms/provider.js'
import type { AuditDeclaration } from './audit-section.js'
import type { TableDeclaration } from './table-declaration.js'

/** A provider by its name, with its own options; `providers/<name>/README.md` lists them. */
export interface ProviderSection {
  readonly name: ProviderName
  readonly [option: string]: unknown
}

/** A recovery key by its name, with its own options. */
export interface RecipientSection {
  readonly name: WrapOnlyName
  readonly [option: string]: unknown
}

/** The part of a TypeORM DataSource that is looked at before TypeORM is loaded. */
export interface DataSourceLike {
  readonly options: { readonly type: string }
  initialize(): Promise<unknown>
}

export interface AcceptedDeclaration {
  /** Unwraps; never wraps. */
  readonly provider: KmsProvider | ProviderSection
  /** Only this KEK, and only this version of it where one is given. */
  readonly kek?: { readonly id: string; readonly version?: string }
  /** The end of its acceptance: a Date, or an instant such as `2026-12-31` or `2026-12-31T18:00:00Z`. */
  readonly until?: Date | string
}

/** What `waxseal.config.*` exports. */
export interface Configuration {
  /** Wraps new data keys. */
  readonly provider: KmsProvider | ProviderSection
  /** Each gets a wrap of its own. */
  readonly recipients?: readonly (KmsProvider | WrapOnlyRecipient | ProviderSection | RecipientSection)[]
  /** What may also be read. */
  readonly accepted?: readonly AcceptedDeclaration[]
  /** A Postgres URL. Default: `WAXSEAL_DATABASE_URL`, `DATABASE_URL`, then the connection of `dataSource`. */
  readonly database?: string
  /**
   * Where the tables come from: a DataSource, a function that returns one, or `path#export` relative to the file. A
   * function with an `import()` inside keeps `connectCipher()` from loading the entities a second time.
   */
  readonly dataSource?: DataSourceLike | (() => unknown) | string
  /** Instead of `dataSource`, for those who do not use TypeORM. */
  readonly tables?: readonly TableDeclaration[]
  /** Such as `production`; `waxseal doctor` compares it with the tag of the KEK. */
  readonly environment?: string
  /**
   * Whether the KEK of a row depends on its encryption context, as with `PerContextProvider`: then a rotation asks for each
   * row. Default: `true` where a provider or recipient is an object of your own, else `false`.
   */
  readonly kekPerContext?: boolean
  /** When tables are to be gone through again: `waxseal worker` begins what is due, and `waxseal status` says so. */
  readonly rotation?: RotationDeclaration
  /** Which audit trails are mirrored, and who the application is in them. */
  readonly audit?: AuditDeclaration
}

export interface RotationDeclaration {
  /** How long after the end of a rotation the next is due, such as `90d`. A number and one of s, m, h, d, w, y. */
  readonly every: string
}

/** Gives `waxseal.config.ts` its types. Returns what it is given. */
export function defineConfiguration<T extends Configuration | (() => Configuration | Promise<Configuration>)>(
  configuration: T,
): T {
  return configuration
}
