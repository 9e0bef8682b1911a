import type { DataSource, Repository } from 'typeorm'
import type { FreshDatabase } from '../../setup/database.js'
import type { Credential, Model } from './model.js'

/** What a case works with: the same for the encrypted entities and for their twins in the open. */
export interface Ground {
  readonly model: Model
  readonly dataSource: DataSource
  readonly database: FreshDatabase
  readonly credentials: Repository<Credential>
  /** A stored row, with a token, as it was saved. */
  readonly existing: Credential
}

/**
 * Does what the operation says with a value that occurs nowhere else. Of a read, the result is what the reader got of the
 * field in question: one value, or several.
 */
export type Run = (ground: Ground, secret: string) => Promise<unknown>

/** How the application's DataSource is set up. */
export type Setup = 'usual' | 'without withEncryption()' | 'with its subscribers emptied' | 'replicated' | 'other cache'

export interface Section {
  readonly title: string
  /** In a sentence or two, for the reader of the page. */
  readonly about: string
  /** A read finds `secret` in every field of `existing`. */
  readonly reads?: true
  readonly setup?: Setup
  /** Where an operation of this section is refused or stopped. */
  readonly instead?: string
  /** Operations that write no value, or that Postgres or TypeORM refuses in the open too: their twin shows nothing. */
  readonly withoutControl?: 'all' | readonly string[]
  /** By the operation as a reader would write it. */
  readonly cases: Readonly<Record<string, Run>>
}

/** An operation that this version of TypeORM does not have. */
export class NotInThisVersion extends Error {}

/** The method `name` of `target`, where this version has it. */
export function method(target: object, name: string): (...args: unknown[]) => never {
  const found = (target as Record<string, unknown>)[name]
  if (typeof found !== 'function') throw new NotInThisVersion(name)
  return found.bind(target)
}
