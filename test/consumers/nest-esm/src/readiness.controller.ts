import { Controller, Get, type OnApplicationShutdown, ServiceUnavailableException } from '@nestjs/common'
import { healthCheck } from 'waxseal'
import { connectCipher } from 'waxseal/config'

@Controller('ready')
export class ReadinessController implements OnApplicationShutdown {
  readonly #cipher = connectCipher()
  readonly #health = this.#cipher.then((cipher) => healthCheck(cipher))

  @Get()
  async ready() {
    const health = await this.#health
    const answer = await health()
    if (answer.status === 'failed') throw new ServiceUnavailableException(answer)
    return answer
  }

  async onApplicationShutdown() {
    await (await this.#cipher).close()
  }
}
