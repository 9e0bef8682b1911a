import { Module } from '@nestjs/common'
import { TypeOrmModule } from '@nestjs/typeorm'
import { CredentialsModule } from './credentials.module'
import { dataSourceOptions, encryptedDataSource } from './data-source'

@Module({
  imports: [
    TypeOrmModule.forRootAsync({
      useFactory: () => dataSourceOptions,
      dataSourceFactory: (options) => encryptedDataSource(options!).initialize(),
    }),
    CredentialsModule,
  ],
})
export class AppModule {}
