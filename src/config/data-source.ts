import { resolve } from 'node:path'
import type { DataSource } from 'typeorm'
import { ConfigurationError } from '../errors.js'
import type { DataSourceLike } from './configuration.js'
import { isDataSource } from './configuration-schema.js'
import { loadModule } from './load-module.js'

/**
 * The DataSource that a configuration or an argument names, with the metadata of its entities built and nothing else
 * done: it is not initialised, since that may synchronise, migrate or drop a schema.
 */
export async function loadDataSource(
  choice: DataSourceLike | (() => unknown) | string,
  folder: string,
): Promise<DataSource> {
  const dataSource = await (typeof choice === 'string' ? fromModule(choice, folder) : fromValue(choice))
  // Only TypeORM makes such objects: the shape was checked.
  const built = dataSource as DataSource
  if (!built.isInitialized) await (built as unknown as { buildMetadatas(): Promise<void> }).buildMetadatas()
  return built
}

async function fromModule(text: string, folder: string): Promise<DataSourceLike> {
  const hash = text.lastIndexOf('#')
  const [path, name] = hash === -1 ? [text, undefined] : [text.slice(0, hash), text.slice(hash + 1)]
  const file = resolve(folder, path)
  const module = await loadModule(file)
  if (name === undefined) return only(module, file)
  if (module[name] === undefined) {
    const found = Object.keys(module).join(', ') || 'none'
    throw new ConfigurationError(`${file}: expected an export named "${name}", found ${found}`)
  }
  return called(module[name], `${file}#${name}`)
}

async function fromValue(choice: DataSourceLike | (() => unknown)): Promise<DataSourceLike> {
  const value = typeof choice === 'function' ? await choice() : choice
  // `() => import('./data-source.js')` is the natural way to write it.
  return isDataSource(value)
    ? value
    : only((value ?? {}) as Readonly<Record<string, unknown>>, 'the option "dataSource"')
}

/** The one DataSource among the exports of a module. */
async function only(module: Readonly<Record<string, unknown>>, where: string): Promise<DataSourceLike> {
  const inner = (module.default as { readonly __esModule?: true } | undefined)?.__esModule ? module.default : {}
  const exported = new Set([...Object.values(module), ...Object.values(inner as object)].filter(isDataSource))
  if (exported.size === 1) return [...exported][0]!
  if (exported.size === 0 && typeof module.default === 'function') return called(module.default, where)
  throw new ConfigurationError(
    `${where}: expected one TypeORM DataSource, found ${exported.size || 'none'}; name the export as in path#dataSource`,
  )
}

async function called(value: unknown, where: string): Promise<DataSourceLike> {
  const result = typeof value === 'function' ? await value() : await value
  if (isDataSource(result)) return result
  throw new ConfigurationError(`${where}: expected a TypeORM DataSource or a function that returns one`)
}
