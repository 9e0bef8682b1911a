import { expect } from '@jest/globals'
import type { DeclareTest } from '../../src/testing/kms-provider-contract.js'
import type { KmsProviderSuite } from '../contract/kms-provider.js'
import { expectNoTraces } from '../setup/database.js'
import { ROWS } from './application.js'
import { Service } from './service.js'

export interface EndToEndSuite extends KmsProviderSuite {
  /** What `control.disable` takes out of use: the one version that a KEK ref names, or its key with all versions. */
  readonly disables: 'versions' | 'keys'
  /** Ends what `control` made the KMS do to its callers. */
  mend(): Promise<void> | void
}

/** A service with TypeORM over a real database and one KMS, as it is used: declared for each provider and server. */
export function testEndToEnd({ test }: { readonly test: DeclareTest }, suite: EndToEndSuite): void {
  for (const [name, run] of Object.entries(CASES)) {
    test(`${suite.name}, end to end: ${name}`, async () => {
      const service = await Service.start(await suite.create())
      try {
        await run(service, suite)
        await expectNoTraces(service.database.client, service.canaries)
      } finally {
        await service.stop()
      }
    })
  }
}

const CASES: Readonly<Record<string, (service: Service, suite: EndToEndSuite) => Promise<void>>> = {
  async 'rows outlive a rotation, are rewrapped, and do without the old KEK version'(service, { disables }) {
    const { control, provider } = service.underTest
    const written = await service.insert()
    expect(await service.read()).toEqual(written)
    const old = await provider.currentKek({})
    await control.newKekVersion()
    expect(await service.read()).toEqual(written)
    expect(await service.rotate()).toMatchObject({ rewrapped: ROWS, compared: ROWS, failed: 0, state: 'finished' })
    expect(await service.rotate()).toMatchObject({ rewrapped: 0, failed: 0 })
    expect(await service.rewrap()).toMatchObject({ current: ROWS, rewrapped: 0, failures: [] })
    if (disables === 'versions') await control.disable(old)
    expect(await service.read()).toEqual(written)
  },

  async 'rows under a KEK that is disabled are refused and kept'(service) {
    const { control, provider } = service.underTest
    await service.insert()
    const stored = await service.dump()
    await control.disable(await provider.currentKek({}))
    await service.expectFailure(() => service.read(), 'ERR_KEK_UNAVAILABLE')
    await service.expectFailure(() => service.insert(), 'ERR_KEK_UNAVAILABLE')
    expect(await service.dump()).toBe(stored)
  },

  async 'an identity that is denied neither reads nor writes, and nothing changes'(service, { mend }) {
    const written = await service.insert()
    const stored = await service.dump()
    await service.underTest.control.deny()
    await service.expectFailure(() => service.read(), 'ERR_KMS_ACCESS_DENIED')
    await service.expectFailure(() => service.insert(), 'ERR_KMS_ACCESS_DENIED')
    expect(await service.dump()).toBe(stored)
    await mend()
    expect(await service.read()).toEqual(written)
  },

  async 'a KMS that dies in an insert leaves no row of it'(service, { mend }) {
    await service.insert()
    const stored = await service.dump()
    await service.dyingAfterEachCall(
      () => service.insert(),
      mend,
      async () => expect(await service.dump()).toBe(stored),
    )
    expect(await service.read()).toHaveLength(2 * ROWS)
  },

  async 'a KMS that dies in a read loses nothing'(service, { mend }) {
    const written = await service.insert()
    const stored = await service.dump()
    await service.dyingAfterEachCall(
      () => service.read(),
      mend,
      async () => expect(await service.read()).toEqual(written),
    )
    expect(await service.dump()).toBe(stored)
  },

  async 'a KMS that dies while rows are rewrapped loses none of them'(service, { mend }) {
    const written = await service.insert()
    await service.underTest.control.newKekVersion()
    const rewrap = async () => {
      const { failures } = await service.rewrap()
      if (failures[0]) throw failures[0].error
    }
    await service.dyingAfterEachCall(rewrap, mend, async () => expect(await service.read()).toEqual(written))
    expect(await service.rewrap()).toMatchObject({ current: ROWS, failures: [] })
    expect(await service.read()).toEqual(written)
  },
}
