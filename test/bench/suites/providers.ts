import { type Figure, overhead, ratio } from '../harness/figure.js'
import { type Case, cpuTime, measureRounds, oneByOne, wallTime } from '../harness/rounds.js'
import { connectedAws } from '../kms/aws.js'
import { connectedAzure } from '../kms/azure.js'
import { type BareCalls, CONTEXT, type ConnectedVendor } from '../kms/connected.js'
import { connectedGcp } from '../kms/gcp.js'
import { startKmsServer } from '../kms/server.js'
import { connectedVault } from '../kms/vault.js'

const VENDORS = {
  aws: { title: 'AWS', connect: connectedAws },
  gcp: { title: 'Google Cloud', connect: connectedGcp },
  azure: { title: 'Azure', connect: connectedAzure },
  vault: { title: 'Vault', connect: connectedVault },
} as const
const OPERATIONS = ['generateDataKey', 'wrap', 'unwrap', 'rewrap'] as const
const BATCH = 100
/** Many short slices: calls over sockets vary more than what stays in the process. */
const ROUNDS = { rounds: 121, sliceMs: 8, warmUpRounds: 5 }

/** What a provider adds to the requests of the vendor's SDK alone, in time on the CPU of this process. */
export async function providers(): Promise<Figure[]> {
  const figures: Figure[] = []
  await forEachVendor(async (vendor, title, connected) => {
    await warmUp(connected)
    for (const operation of OPERATIONS) {
      const { ours, bare } = await measureRounds(casesOf(connected, operation), { ...ROUNDS, stopwatch: cpuTime })
      figures.push(
        overhead(
          {
            ...{ id: `${vendor}-${operation}`, title: titleOf(title, operation, connected) },
            goal: { atMost: 50 * connected.requests[operation], orShare: 0.05 },
          },
          ours!,
          bare!,
        ),
      )
    }
    for (const { id, title, over, base } of connected.besides) {
      const cases = [
        { name: 'over', run: oneByOne(over) },
        { name: 'base', run: oneByOne(base) },
      ]
      const samples = await measureRounds(cases, ROUNDS)
      figures.push(overhead({ id: `${vendor}-${id}`, title }, samples['over']!, samples['base']!))
    }
  })
  return figures
}

/** The same with the reply of the server, in time on the clock; and what Vault's batches save. */
export async function providersOnClock(): Promise<Figure[]> {
  const figures: Figure[] = []
  await forEachVendor(async (vendor, title, connected) => {
    await warmUp(connected)
    for (const operation of OPERATIONS) {
      const { ours, bare } = await measureRounds(casesOf(connected, operation), { ...ROUNDS, stopwatch: wallTime })
      const text = { id: `${vendor}-${operation}-clock`, title: titleOf(title, operation, connected) }
      figures.push(ratio(text, ours!, bare!))
    }
    if (vendor === 'vault') figures.push(...(await batches(connected)))
  })
  return figures
}

function titleOf(vendor: string, operation: keyof BareCalls, { requests }: ConnectedVendor): string {
  const count = requests[operation]
  return `${vendor}: ${operation}()${count === 1 ? '' : `, ${count} requests`}`
}

async function batches({ provider, wrapped, bare }: ConnectedVendor): Promise<Figure[]> {
  const rewrap = () => provider.rewrap(wrapped, CONTEXT)
  const times = (run: () => Promise<unknown>) => oneByOne(() => oneByOne(run)(BATCH) as Promise<void>)
  const cases: Case[] = [
    { name: 'at once', run: oneByOne(() => Promise.all(Array.from({ length: BATCH }, rewrap))) },
    { name: 'one by one', run: times(rewrap) },
    { name: 'bare', run: times(bare.rewrap) },
  ]
  const samples = await measureRounds(cases, { rounds: 21, sliceMs: 1, warmUpRounds: 5, stopwatch: wallTime })
  const over = (id: string, name: string, how: string) => {
    const title = `Vault: rewrap() of ${BATCH} data keys ${how}, against all at once`
    return ratio({ id: `vault-batch-${id}`, title }, samples[name]!, samples['at once']!)
  }
  return [over('ours', 'one by one', 'one by one'), over('bare', 'bare', 'one by one with fetch')]
}

async function forEachVendor(
  measure: (vendor: string, title: string, connected: ConnectedVendor) => Promise<void>,
): Promise<void> {
  for (const vendor of Object.keys(VENDORS) as (keyof typeof VENDORS)[]) {
    const { title, connect } = VENDORS[vendor]
    const server = await startKmsServer(vendor)
    try {
      await measure(vendor, title, await connect(server))
    } finally {
      await server.stop()
    }
  }
}

/** Not measured: all operations of a vendor share code that is compiled for what it has seen. */
function warmUp(connected: ConnectedVendor) {
  const cases = OPERATIONS.flatMap((operation) => {
    return casesOf(connected, operation).map(({ name, run }) => ({ name: `${operation} ${name}`, run }))
  })
  return measureRounds(cases, { rounds: 0, sliceMs: 12, warmUpRounds: 25 })
}

/** Two and no more, so that both stand under one load. */
function casesOf({ provider, dataKey, wrapped, bare }: ConnectedVendor, operation: keyof BareCalls): Case[] {
  const ours: BareCalls = {
    generateDataKey: () => provider.generateDataKey(CONTEXT),
    wrap: () => provider.wrap(dataKey, CONTEXT),
    unwrap: () => provider.unwrap(wrapped, CONTEXT),
    rewrap: () => provider.rewrap(wrapped, CONTEXT),
  }
  return [
    { name: 'ours', run: oneByOne(ours[operation]) },
    { name: 'bare', run: oneByOne(bare[operation]) },
  ]
}
