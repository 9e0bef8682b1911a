import 'reflect-metadata'
import { join } from 'node:path'
import { DataSource, type DataSourceOptions } from 'typeorm'
import { connectCipher } from 'waxseal/config'
import { withEncryption } from 'waxseal/typeorm'
import { ApiToken } from './api-token.entity.js'
import { currentTenant } from './tenant.js'

export const dataSourceOptions: DataSourceOptions = {
  type: 'postgres',
  url: process.env.DATABASE_URL,
  entities: [ApiToken],
  migrations: [join(import.meta.dirname, 'migrations/*.js')],
}

/** The cipher comes from the environment: WAXSEAL_PROVIDER and the options of that provider. */
export function encryptedDataSource(options: DataSourceOptions): DataSource {
  return withEncryption(new DataSource(options), {
    cipher: () => connectCipher(),
    expectedContext: () => {
      const tenant = currentTenant()
      return tenant === undefined ? undefined : { tenant }
    },
  })
}

/** For TypeORM's command line. */
export default encryptedDataSource(dataSourceOptions)
