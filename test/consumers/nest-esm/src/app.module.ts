import { Module } from '@nestjs/common'
import { TypeOrmModule } from '@nestjs/typeorm'
import { ApiToken } from './api-token.entity.js'
import { ApiTokens } from './api-tokens.service.js'
import { dataSourceOptions, encryptedDataSource } from './data-source.js'
import { KeyRotation } from './key-rotation.service.js'
import { ReadinessController } from './readiness.controller.js'

@Module({
  imports: [
    TypeOrmModule.forRootAsync({
      useFactory: () => ({ ...dataSourceOptions, autoLoadEntities: true }),
      dataSourceFactory: (options) => encryptedDataSource(options!).initialize(),
    }),
    TypeOrmModule.forFeature([ApiToken]),
  ],
  controllers: [ReadinessController],
  providers: [ApiTokens, KeyRotation],
})
export class AppModule {}
