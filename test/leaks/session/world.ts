import { DataSource, type DataSourceOptions, type Logger, type Repository } from 'typeorm'
import { generateLocalKey, LocalProvider } from '../../../providers/local/index.js'
import { EnvelopeCipher, InMemoryCallLedger, RecordingProvider } from '../../../src/index.js'
import type { KmsProvider } from '../../../src/kms/provider.js'
import { FaultyProvider } from '../../../src/testing/faulty-provider.js'
import { ManualClock } from '../../../src/testing/manual-clock.js'
import { withEncryption } from '../../../src/typeorm/index.js'
import type { Canaries, Side } from '../canaries.js'
import { type Credential, entitiesOf, type Token } from './entities.js'
import { ObservedProvider } from './observed-provider.js'

/** What a scenario works with. On the side in the open it is all the same, without encryption. */
export interface World {
  readonly canaries: Canaries
  readonly dataSource: DataSource
  readonly credentials: Repository<Credential>
  readonly tokens: Repository<Token>
  readonly kms: FaultyProvider
  readonly cipher: EnvelopeCipher
  /** Stands still until a scenario moves it. */
  readonly clock: ManualClock
}

/**
 * A DataSource over two KMSs: one that fails on command, and a local one whose KEK is known, as a recipient. So every
 * write handles plaintext, a data key and a KEK, and all three are noted as canaries. `cloud` is in the place of the first.
 */
export async function openWorld(
  side: Side,
  url: string,
  canaries: Canaries,
  logger: Logger,
  cloud?: KmsProvider,
): Promise<World> {
  const clock = new ManualClock()
  const kms = new FaultyProvider({ clock })
  const keys = generateLocalKey()
  canaries.bytes('the KEK of the local provider', Buffer.from(keys.slice(0, 43), 'base64url'))
  const local = new LocalProvider({ keys: `1:${keys}`, currentKey: 1 })
  // It wraps and does not unwrap: what the first KMS refuses to read stays unread.
  const recipient = {
    name: local.name,
    currentKek: local.currentKek.bind(local),
    wrap: local.wrap.bind(local),
  }
  const observed = new ObservedProvider(cloud ?? kms, canaries)
  const provider = new RecordingProvider(observed, new InMemoryCallLedger(), clock)
  const cipher = new EnvelopeCipher({ provider, recipients: [recipient], clock })
  const { credential, token } = entitiesOf(side)
  const plain = new DataSource({
    type: 'postgres',
    url,
    entities: [credential, token],
    synchronize: true,
    logging: 'all',
    logger,
    maxQueryExecutionTime: 0.000_1,
    cache: true,
  } as DataSourceOptions)
  const dataSource = side === 'protected' ? withEncryption(plain, { cipher, guard: 'install', clock }) : plain
  await dataSource.initialize()
  return {
    canaries,
    dataSource,
    credentials: dataSource.getRepository(credential),
    tokens: dataSource.getRepository(token),
    kms,
    cipher,
    clock,
  }
}
