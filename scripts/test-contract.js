// `npm run test:contract -- <provider>`: the contract and the end to end of one provider against the server that an
// environment variable names, an emulator or a real account. Further arguments go to jest.
import { spawnSync } from 'node:child_process'

/** Where each provider's server is named; its suite stands in test/emulators. */
const VARIABLES = {
  aws: 'WAXSEAL_TEST_AWS_ENDPOINT',
  azure: 'WAXSEAL_TEST_AZURE_VAULT_URL',
  gcp: 'WAXSEAL_TEST_GCP_ENDPOINT',
  vault: 'WAXSEAL_TEST_VAULT_ADDR',
}

const [provider, ...args] = process.argv.slice(2)
const variable = Object.hasOwn(VARIABLES, provider ?? '') ? VARIABLES[provider] : undefined
if (variable === undefined) fail(`expected one of ${Object.keys(VARIABLES).join(', ')}: npm run test:contract -- aws`)
if (!process.env[variable]) fail(`${variable} is not set: it names the server; see docs/testing-providers.md`)

const suite = `test/emulators/${provider}.test.ts`
const { status } = spawnSync('node_modules/.bin/jest', ['-c', 'test/emulators/jest.config.js', suite, ...args], {
  env: { ...process.env, NODE_OPTIONS: '--experimental-vm-modules --no-warnings' },
  stdio: 'inherit',
})
process.exit(status ?? 1)

function fail(message) {
  console.error(message)
  process.exit(2)
}
