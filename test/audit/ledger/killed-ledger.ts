import { openLedger } from '../../../src/audit/ledger/open-ledger.js'
import { RecordingProvider } from '../../../src/kms/recording-provider.js'
import { FaultyProvider } from '../../../src/testing/faulty-provider.js'
import { stopHere } from '../../setup/stopping-at.js'

/** Makes a call and stops: in the middle of it, or after it. */
const { DATABASE_URL = '', JOURNAL = '', STOP = '' } = process.env
const ledger = await openLedger({
  connection: DATABASE_URL,
  journal: JOURNAL,
  label: 'killed',
  onProblem: () => undefined,
})
// The ledger keeps no process alive that has nothing else to do.
setInterval(() => undefined, 60_000)
const kms = new FaultyProvider()
const provider = new RecordingProvider(kms, ledger)
if (STOP === 'during') kms.faults.inject({ transport: stopHere })
await provider.generateDataKey({ tenant: 't1' })
await stopHere()
