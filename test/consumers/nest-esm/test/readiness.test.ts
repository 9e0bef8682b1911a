import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { HttpException } from '@nestjs/common'
import { NestFactory } from '@nestjs/core'
import { AppModule } from '../src/app.module.js'
import { ReadinessController } from '../src/readiness.controller.js'

test('the application is ready while its KMS answers, and not once it is closed', async () => {
  const app = await NestFactory.createApplicationContext(AppModule, { logger: ['error'], abortOnError: false })
  const controller = app.get(ReadinessController)
  const { status, keks } = await controller.ready()
  assert.equal(status, 'ok')
  assert.deepEqual(
    keks.map(({ role, provider }) => [role, provider]),
    [['provider', 'local']],
  )
  await app.close()
  await assert.rejects(controller.ready(), (error: HttpException) => {
    assert.equal(error.getStatus(), 503)
    const { status, code } = error.getResponse() as Awaited<ReturnType<typeof controller.ready>>
    assert.deepEqual([status, code], ['failed', 'ERR_CIPHER_CLOSED'])
    return true
  })
})
