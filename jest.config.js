const swc = {
  jsc: {
    target: 'es2022',
    parser: { syntax: 'typescript', decorators: true },
    transform: { legacyDecorator: true, decoratorMetadata: true, useDefineForClassFields: false },
    keepClassNames: true,
  },
  module: { type: 'es6' },
  sourceMaps: 'inline',
}
const common = {
  testPathIgnorePatterns: ['/node_modules/', '<rootDir>/test/consumers/', '<rootDir>/test/emulators/'],
  modulePathIgnorePatterns: ['<rootDir>/dist/', '<rootDir>/.tmp/'],
  extensionsToTreatAsEsm: ['.ts'],
  transform: { '^.+\\.ts$': ['@swc/jest', swc] },
}
const sources = {
  '^fast-check$': '<rootDir>/test/setup/fast-check.ts',
  '^(\\.{1,2}/(?!.*/node_modules/).*)\\.js$': '$1',
}

/** One real Postgres 18 is started by `test/setup/global-setup.ts` for every suite of both projects. */
export default {
  globalSetup: '<rootDir>/test/setup/global-setup.ts',
  globalTeardown: '<rootDir>/test/setup/global-teardown.ts',
  testTimeout: 60_000,
  // As many as there are processors: the database does the other half of the work.
  maxWorkers: '100%',
  // Modules of all files that a worker has run stay in its memory: without an end it collects garbage more than it tests.
  workerIdleMemoryLimit: '1500MB',
  // Giving that memory back takes longer than the half of a second after which Jest says that a test has left something open.
  workerGracefulExitTimeout: 10_000,
  projects: [
    {
      ...common,
      displayName: 'waxseal',
      testMatch: ['<rootDir>/test/**/*.test.ts'],
      moduleNameMapper: sources,
    },
    {
      ...common,
      displayName: 'TypeORM 0.3',
      testMatch: ['<rootDir>/test/typeorm/**/*.test.ts'],
      // TypeORM's own command line runs as a process of its own, which knows nothing of this mapping.
      testPathIgnorePatterns: [...common.testPathIgnorePatterns, '<rootDir>/test/typeorm/migration-command.test.ts'],
      moduleNameMapper: { ...sources, '^typeorm$': 'typeorm-0.3', '^typeorm/(.*)$': 'typeorm-0.3/$1' },
    },
  ],
}
