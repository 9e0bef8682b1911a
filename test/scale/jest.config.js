import { fileURLToPath } from 'node:url'
import config from '../../jest.config.js'

const rootDir = fileURLToPath(new URL('../..', import.meta.url))
const [{ testPathIgnorePatterns, ...common }] = config.projects

/** Suites of many rows, which take minutes: `npm run test:scale`. */
export default {
  ...config,
  rootDir,
  testTimeout: 3_600_000,
  maxWorkers: 1,
  projects: [
    {
      ...common,
      rootDir,
      displayName: 'scale',
      testMatch: ['<rootDir>/test/scale/**/*.test.ts'],
      testPathIgnorePatterns: testPathIgnorePatterns.filter((pattern) => !pattern.includes('scale')),
    },
  ],
}
