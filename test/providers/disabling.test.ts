import { expect, test } from '@jest/globals'
import { type ProviderName, providers, wrapOnlyRecipients } from '../../providers/index.js'

const hex = '0'.repeat(32)
const known = { ...providers, ...wrapOnlyRecipients }
const disablingOf = async (provider: string, id: string, version: string) =>
  (await known[provider as ProviderName].disabling())({ provider, id, version })

test.each([
  [
    'gcp',
    'projects/p/locations/eu/keyRings/r/cryptoKeys/k',
    '3',
    'gcloud kms keys versions disable projects/p/locations/eu/keyRings/r/cryptoKeys/k/cryptoKeyVersions/3',
  ],
  [
    'azure',
    'v.vault.azure.net/kek',
    hex,
    `az keyvault key set-attributes --id https://v.vault.azure.net/keys/kek/${hex} --enabled false`,
  ],
  ['vault', 'team/transit/kek', '3', 'bao write team/transit/keys/kek/config min_decryption_version=4'],
])('%s: one version is disabled, so that it can come back', async (provider, id, version, command) => {
  const { commands, explanation } = await disablingOf(provider, id, version)
  expect(commands).toEqual([command])
  expect(explanation).toMatch(/again/)
})

test.each([
  ['aws', 'arn:aws:kms:eu-central-1:111122223333:key/1', hex, /cannot disable one version/],
  ['local', 'local', '1-0123', /take key 1 out of "keys"/],
  ['offline', 'recovery', '1', /take it out of "recipients"/],
])('%s: cannot, and says what there is instead', async (provider, id, version, says) => {
  const { commands, explanation } = await disablingOf(provider, id, version)
  expect(commands).toEqual([])
  expect(explanation).toMatch(says)
})

test('no provider has a command that destroys', async () => {
  for (const provider of Object.keys(known)) {
    const { commands } = await disablingOf(provider, 'a/b', '1')
    expect(commands.join()).not.toMatch(/destroy|delete|purge|trim/)
  }
})

test.each(['gcp', 'azure', 'vault'])('%s: what is no name of a key there reaches no command', async (provider) => {
  const { commands } = await disablingOf(provider, 'a; rm -rf ~', '1')
  expect(commands).toEqual([])
})
