import { expect, test } from '@jest/globals'
import { vaultPrincipals } from '../../../providers/vault/key-access/principals.js'

const KEY = { mount: 'transit', name: 'kek' }
const listed = (text: string) => {
  const { principals, unread } = vaultPrincipals({ key: KEY, policies: { p: text }, holders: [] })
  return { unread, found: principals.map(({ may, doubts }) => `${may.join('+')}${doubts.length > 0 ? ' ?' : ''}`) }
}

test.each([
  ['the key', 'path "transit/decrypt/kek" { capabilities = ["update"] }', ['decrypt']],
  ['all keys', 'path "transit/decrypt/*" {\n capabilities = ["read", "update",] # all\n}', ['decrypt']],
  ['any mount', 'path "+/decrypt/kek" { capabilities = ["create"] }', ['decrypt']],
  ['everything', '/* all */ path "*" { capabilities = ["sudo"] }', ['decrypt+administer']],
  ['a template', 'path "transit/decrypt/{{identity.entity.name}}" { capabilities = ["update"] }', ['decrypt']],
  ['the older form', 'path "transit/*" { policy = "write" }', ['decrypt+administer']],
  ['JSON', '{"path": {"transit/decrypt/kek": {"capabilities": ["update"]}}}', ['decrypt']],
  ['an export', 'path "transit/export/encryption-key/kek" { capabilities = ["read"] }', ['decrypt']],
  ['its own policy', 'path "sys/policies/acl/*" { capabilities = ["update"] }', ['administer']],
  ['another key', 'path "transit/decrypt/other" { capabilities = ["update"] }', []],
  ['to encrypt', 'path "transit/encrypt/kek" { capabilities = ["update"] }', []],
  ['what is denied', 'path "transit/decrypt/kek" { capabilities = ["deny"] }', []],
  [
    'a path that another may overrule',
    'path "transit/*" { capabilities = ["update"] } path "transit/decrypt/kek" { capabilities = ["deny"] }',
    ['decrypt+administer ?'],
  ],
  ['nothing', '', []],
])('a policy that allows %s', (_, text, expected) => {
  expect(listed(text)).toEqual({ unread: [], found: expected })
})

test.each([
  ['half a path', 'path'],
  ['an open block', 'path "a" {'],
  ['a block too much', 'path "a" { capabilities = ["update"] } }'],
  ['another block', 'other "a" {}'],
  ['another object', '{"paths": {}}'],
  ['no text', '\u0000'],
])('%s is unread and not empty', (_, text) => {
  expect(listed(text)).toEqual({ unread: [expect.stringContaining('the policy p')], found: [] })
})

test('roles are listed by the policies that they have, and the policy root by itself', () => {
  const policies = {
    root: '',
    open: 'path "transit/decrypt/kek" { capabilities = ["update"] min_wrapping_ttl = "1s" }',
  }
  const holders = [
    { name: 'auth/approle/role/a', policies: ['open', 'default'] },
    { name: 'auth/approle/role/b', policies: ['default'] },
  ]
  const { principals } = vaultPrincipals({ key: KEY, policies, holders })
  expect(principals.map(({ principal, type, via }) => [principal, type, via])).toEqual([
    ['root', 'policy', 'path "*"'],
    ['open', 'policy', 'path "transit/decrypt/kek"'],
    ['auth/approle/role/a', 'role', 'policy open, path "transit/decrypt/kek"'],
  ])
  expect(principals[1]!.conditions).toEqual(['min_wrapping_ttl = "1s"'])
})
