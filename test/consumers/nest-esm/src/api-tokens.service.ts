import { Injectable } from '@nestjs/common'
import { InjectRepository } from '@nestjs/typeorm'
import { Repository } from 'typeorm'
import { EncryptedValue, upsertEncrypted } from 'waxseal/typeorm'
import { ApiToken } from './api-token.entity.js'

export interface NewApiToken {
  tenantId: string
  service: string
  token: string
  certificate?: Uint8Array
}

@Injectable()
export class ApiTokens {
  constructor(@InjectRepository(ApiToken) private readonly tokens: Repository<ApiToken>) {}

  /** A tenant has one token for a service. */
  async put({ token, ...values }: NewApiToken): Promise<string> {
    const row = { ...values, token: EncryptedValue.of(token) }
    return (await upsertEncrypted(this.tokens, row, ['tenantId', 'service'])).id
  }

  /** Decrypts nothing. */
  async servicesOf(tenantId: string): Promise<string[]> {
    const tokens = await this.tokens.find({ where: { tenantId }, select: { service: true }, order: { service: 'ASC' } })
    return tokens.map(({ service }) => service)
  }

  async tokenOf(id: string): Promise<string> {
    const { token } = await this.tokens.findOneByOrFail({ id })
    return token.decrypt()
  }

  async certificateOf(id: string): Promise<Uint8Array | null> {
    return (await this.tokens.findOneByOrFail({ id })).certificate
  }
}
