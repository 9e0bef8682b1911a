import { DataSource, type DataSourceOptions, type Repository } from 'typeorm'
import type { EnvelopeCipher } from '../../envelope/envelope-cipher.js'
import { withEncryption } from '../../typeorm/index.js'
import type { DemoDatabase } from './database.js'
import { PlainTwin, ShopCredential } from './entities.js'
import { CreatePlainTwin1795305600001, CreateShopCredential1795305600000 } from './migrations.js'

/** The application's own view of the database: the two tables through TypeORM. */
export interface Store {
  readonly dataSource: DataSource
  readonly credentials: Repository<ShopCredential>
  readonly twins: Repository<PlainTwin>
}

/** As an application opens it: the first protected write fails unless the migration has installed the guard. */
export async function openStore(database: DemoDatabase, cipher: EnvelopeCipher): Promise<Store> {
  return initialize(
    withEncryption(new DataSource(optionsOf(database)), { cipher, guard: 'require', fleet: 'off', timeoutMs: 30_000 }),
  )
}

/** With `withEncryption` forgotten. */
export async function openBareStore(database: DemoDatabase): Promise<Store> {
  return initialize(new DataSource(optionsOf(database)))
}

async function initialize(dataSource: DataSource): Promise<Store> {
  await dataSource.initialize()
  return {
    dataSource,
    credentials: dataSource.getRepository(ShopCredential),
    twins: dataSource.getRepository(PlainTwin),
  }
}

function optionsOf({ url, schema, applicationName }: DemoDatabase): DataSourceOptions {
  return {
    type: 'postgres',
    url,
    schema,
    entities: [ShopCredential, PlainTwin],
    migrations: [CreateShopCredential1795305600000, CreatePlainTwin1795305600001],
    // The cache keeps queries with their parameters in a table: one of the ways that plaintext takes.
    cache: true,
    applicationName,
    // Otherwise TypeORM creates "uuid-ossp" in the database and leaves it there.
    installExtensions: false,
    logging: false,
  }
}
