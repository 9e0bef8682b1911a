import { Injectable } from '@nestjs/common'
import { InjectRepository } from '@nestjs/typeorm'
import { Repository } from 'typeorm'
import { EncryptedValue, updateEncrypted } from 'waxseal/typeorm'
import { Credential, type OAuthTokens } from './credential.entity'

export interface NewCredential {
  tenantId: string
  name: string
  password: string
  oauth?: OAuthTokens
}

@Injectable()
export class CredentialsService {
  constructor(@InjectRepository(Credential) private readonly credentials: Repository<Credential>) {}

  async add({ oauth, ...values }: NewCredential): Promise<string> {
    const { id } = await this.credentials.save({ ...values, oauth: oauth ? EncryptedValue.of(oauth) : null })
    return id
  }

  async passwordOf(id: string): Promise<string> {
    return (await this.credentials.findOneByOrFail({ id })).password
  }

  async tokensOf(id: string): Promise<OAuthTokens | undefined> {
    const { oauth } = await this.credentials.findOneByOrFail({ id })
    return oauth?.decrypt()
  }

  async changePassword(id: string, password: string): Promise<void> {
    await updateEncrypted(this.credentials, id, { password })
  }
}
