import { createRequire } from 'node:module'
import type { AddressInfo } from 'node:net'
import { setImmediate } from 'node:timers/promises'
import { describe, expect, test } from '@jest/globals'
import fastify from 'fastify'
import { currentActor } from '../../../src/audit/actor/actor.js'
import { actorOfRequest } from '../../../src/audit/actor/actor-of-request.js'

/** It has no types of its own. */
const express = createRequire(import.meta.url)('express')

/** What an application knows of a request once it has looked at its token. */
interface Authenticated {
  user?: { readonly id: string }
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
}

const hook = actorOfRequest(({ user, headers }: Authenticated) =>
  user ? { actor: `user:${user.id}`, requestId: String(headers['x-request-id']) } : undefined,
)
/** A guard that runs after the hook, as those of Nest do. */
const authenticate = (request: Authenticated) => {
  const { authorization } = request.headers
  if (typeof authorization === 'string') request.user = { id: authorization }
}
const used = async () => {
  await setImmediate()
  return { actor: currentActor() ?? null }
}

async function expectActors(url: string): Promise<void> {
  const ask = async (headers: Record<string, string>) => {
    const options = { method: 'POST', headers: { 'content-type': 'application/json', ...headers }, body: '{"a":1}' }
    return (await fetch(url, options)).json()
  }
  const [alice, bob, nobody] = await Promise.all([
    ask({ authorization: 'alice', 'x-request-id': 'r-1' }),
    ask({ authorization: 'bob', 'x-request-id': 'r-2' }),
    ask({}),
  ])
  expect([alice, bob, nobody]).toEqual([
    { actor: { actor: 'user:alice', requestId: 'r-1' } },
    { actor: { actor: 'user:bob', requestId: 'r-2' } },
    { actor: null },
  ])
}

test('Express: requests at the same time, a body that is parsed, and a guard that runs later', async () => {
  const app = express()
  app.use(hook)
  app.use(express.json())
  app.use((request: Authenticated, _response: unknown, next: () => void) => {
    authenticate(request)
    next()
  })
  app.post('/', async (_request: unknown, response: { json(body: unknown): void }) => response.json(await used()))
  const server = app.listen(0)
  try {
    await expectActors(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`)
  } finally {
    server.close()
  }
})

test('Fastify: after the body is parsed', async () => {
  const app = fastify()
  app.addHook('preHandler', hook as never)
  app.addHook('preHandler', async (request) => authenticate(request as Authenticated))
  app.post('/', used)
  try {
    await expectActors(await app.listen({ port: 0, host: '127.0.0.1' }))
  } finally {
    await app.close()
  }
})

describe('Nest', () => {
  test('a function is a middleware there: guards, interceptors and handlers run inside of what it continues', async () => {
    const request: Authenticated = { headers: { authorization: 'alice', 'x-request-id': 'r-1' } }
    const seen = await new Promise((resolve) => {
      hook(request, {}, async () => {
        await setImmediate()
        authenticate(request)
        resolve(await used())
      })
    })
    expect(seen).toEqual({ actor: { actor: 'user:alice', requestId: 'r-1' } })
  })
})

test('an actor that is none is refused where it would be used', () => {
  const broken = actorOfRequest(() => ({ actor: '' }))
  broken({}, {}, () => expect(() => currentActor()).toThrow('"actor" must be text that is not empty'))
  expect.assertions(1)
})
