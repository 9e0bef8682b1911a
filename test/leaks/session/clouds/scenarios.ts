import { readFileSync } from 'node:fs'
import { connectCipher, loadConfiguration } from '../../../../src/config/index.js'
import type { KmsProvider } from '../../../../src/kms/provider.js'
import type { ServerFault } from '../../../../src/testing/index.js'
import type { Side } from '../../canaries.js'
import { ObservedProvider } from '../observed-provider.js'
import { filled, type Scenario, scenarios, tenantId } from '../scenario.js'
import { untilDone } from '../until-done.js'
import type { World } from '../world.js'
import type { Cloud } from './cloud.js'

const FAULTS: Readonly<Record<string, ServerFault>> = {
  'access denied': { fault: 'deny' },
  throttled: { fault: 'throttle' },
  'a server error': { fault: 'server error' },
  'a lost reply': { fault: 'lost reply' },
  'another data key in the reply': { fault: 'wrong key' },
  'no reply until the deadline': { fault: 'hang' },
}

/** What a service does with a KMS of a cloud, as it succeeds and as it fails. */
export function cloudScenarios(cloud: Cloud, side: Side): readonly Scenario[] {
  const { name } = cloud
  const all = [
    ...operations(cloud),
    ...Object.entries(FAULTS).flatMap(([what, fault]) => withFault(cloud, what, fault)),
    ...configurations(cloud),
  ]
  return [...all, ...(side === 'in the open' ? inTheOpen(cloud) : [])].map((each) => ({
    ...each,
    name: `${each.name} (${name})`,
  }))
}

function operations({ underTest }: Cloud): Scenario[] {
  const { provider } = underTest
  return scenarios({
    async 'save() and find()'({ credentials, cipher }, plaintext) {
      const { id } = await credentials.save(filled(plaintext))
      cipher.forgetAll()
      const { oauth, encryptionMetadata } = await credentials.findOneByOrFail({ id })
      return { provider, cipher, oauth, encryptionMetadata }
    },
    async 'a new version of the KEK'({ credentials }, plaintext) {
      await underTest.control.newKekVersion()
      const { encryptionMetadata } = await credentials.save({ tenantId, password: plaintext })
      return encryptionMetadata
    },
  })
}

function withFault({ server: { faults } }: Cloud, what: string, fault: ServerFault): Scenario[] {
  const failing = async (world: World, operation: () => Promise<unknown>) => {
    faults.add(fault)
    await untilDone(
      world.clock,
      operation().finally(() => faults.clear()),
    )
  }
  return scenarios({
    [`save() with ${what}`]: (world, plaintext) => failing(world, () => world.credentials.save(filled(plaintext))),
    async [`find() with ${what}`](world, plaintext) {
      const { id } = await world.credentials.save(filled(plaintext))
      world.cipher.forgetAll()
      await failing(world, () => world.credentials.findOneByOrFail({ id }))
    },
  })
}

function configurations({ name, section, mistaken, elsewhere, connect, server }: Cloud): Scenario[] {
  const used = async ({ canaries }: World, provider: KmsProvider) => {
    const timeout = { signal: AbortSignal.timeout(3_000), deadline: Date.now() + 3_000 }
    const { wrapped } = await new ObservedProvider(provider, canaries).generateDataKey({ tenant: tenantId }, timeout)
    // Not its bytes: buffers show the memory that they share, in which the server of this process has worked, too.
    return { provider, kek: wrapped.kek }
  }
  const configuration = { provider: { name, ...section } } as never
  return scenarios({
    'a provider of a configuration': async (world) => used(world, await connect(section)),
    'a provider where nothing listens': async (world) => used(world, await connect({ ...section, ...elsewhere })),
    async 'a cipher of a configuration'(_world, plaintext) {
      const cipher = await connectCipher({ configuration })
      const envelope = await cipher.mint({ entity: 'credential', context: {} })
      envelope.encryptField({ id: 'credential.password', kind: 'text' }, plaintext)
      return { cipher, envelope }
    },
    async 'a cipher of a configuration that may nothing'() {
      server.faults.add({ fault: 'deny' })
      const cipher = await connectCipher({ configuration })
      await cipher.mint({ entity: 'credential', context: {} }).finally(() => server.faults.clear())
    },
    'an environment with a variable of nobody': (_world, plaintext) =>
      loadConfiguration({
        environment: { WAXSEAL_PROVIDER: name, [`WAXSEAL_${name.toUpperCase()}_X`]: plaintext, WAXSEAL_X: plaintext },
      }).then(({ provider }) => connect(provider as never)),
    ...Object.fromEntries(
      mistaken.map((wrong): [string, Scenario['run']] => [
        `a secret in ${JSON.stringify(wrong)}`,
        async (world, plaintext) => {
          const changed = Object.entries(wrong).map(([option, shape]) => [option, shape.replaceAll('X', plaintext)])
          return used(world, await connect({ ...section, ...Object.fromEntries(changed) }))
        },
      ]),
    ),
  })
}

/** What is protected, shown: the control of each surface, for each cloud. */
function inTheOpen({ section, underTest, name }: Cloud): Scenario[] {
  return scenarios({
    async 'what it is given, and what it gives'({ canaries }, plaintext) {
      const { dataKey } = await underTest.provider.generateDataKey({})
      const bytes = dataKey.withBytes((raw) => new Uint8Array(raw))
      canaries.bytes(`a data key of ${name} in the open`, bytes)
      const { AWS_SECRET_ACCESS_KEY: secret, AWS_SESSION_TOKEN: session } = process.env
      const token = section.tokenFile && readFileSync(section.tokenFile, 'utf8')
      return { plaintext, bytes, hex: Buffer.from(bytes).toString('hex'), section, secret, session, token }
    },
  })
}
