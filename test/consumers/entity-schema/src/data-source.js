const { join } = require('node:path')
const { DataSource } = require('typeorm')
const { connectCipher } = require('waxseal/config')
const { withEncryption } = require('waxseal/typeorm')
const { Credential } = require('./credential')

/** The cipher comes from the environment: WAXSEAL_PROVIDER and the options of that provider. */
exports.dataSource = withEncryption(
  new DataSource({
    type: 'postgres',
    url: process.env.DATABASE_URL,
    entities: [Credential],
    migrations: [join(__dirname, 'migrations/*.js')],
  }),
  { cipher: () => connectCipher() },
)
