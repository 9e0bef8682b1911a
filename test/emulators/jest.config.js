import { fileURLToPath } from 'node:url'
import config from '../../jest.config.js'

const rootDir = fileURLToPath(new URL('../..', import.meta.url))
const [{ testPathIgnorePatterns, ...common }] = config.projects

/** Suites against KMS servers that run already: `npm run test:emulators` starts them. */
export default {
  ...config,
  rootDir,
  projects: [
    {
      ...common,
      rootDir,
      displayName: 'emulators',
      testMatch: ['<rootDir>/test/emulators/**/*.test.ts'],
      testPathIgnorePatterns: testPathIgnorePatterns.filter((pattern) => !pattern.includes('emulators')),
    },
  ],
}
