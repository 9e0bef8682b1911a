import pg from 'pg'
import { EnvelopeCipher } from '../../src/index.js'
import { SharedBudget } from '../../src/jobs/index.js'
import { BudgetProvider } from '../../src/kms/index.js'
import { renew, rotate } from '../../src/rotation/index.js'
import { protectedTableOf } from '../../src/typeorm/index.js'
import { Account, application } from '../typeorm/failures/application.js'
import { localKms, settingOfThisProcess } from './setting.js'

/** One machine that works, until the run has ended or it is killed. */
const setting = settingOfThisProcess()
const kms = localKms(setting)
const dataSource = application(setting.url, kms, { poolSize: 1 })
await dataSource.initialize()
const table = protectedTableOf(dataSource, Account)
const pool = new pg.Pool({ connectionString: setting.url, max: 4 })
const provider = new BudgetProvider(kms, { budget: new SharedBudget(pool, () => setting.rate) })
process.send!('ready')
await { rotate, renew }[setting.job]({
  cipher: new EnvelopeCipher({ provider, timeoutMs: 60_000 }),
  tables: [table],
  pool,
  batchRows: setting.batchRows,
})
await pool.end()
await dataSource.destroy()
process.send!('done', () => process.disconnect())
