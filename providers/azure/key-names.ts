/** https://learn.microsoft.com/azure/key-vault/general/about-keys-secrets-certificates#object-identifiers */
const NAME = /^[A-Za-z0-9-]{1,127}$/
const VERSION = /^[0-9a-f]{32}$/

export function isKeyName(text: string): boolean {
  return NAME.test(text)
}

export function isKeyVersion(text: string): boolean {
  return VERSION.test(text)
}

/** The origin of a vault in its one spelling; undefined for what is not `https://<host>`. */
export function vaultUrlOf(text: string): string | undefined {
  if (!URL.canParse(text)) return undefined
  const { protocol, origin, href, username, password } = new URL(text)
  return protocol === 'https:' && username + password === '' && href === `${origin}/` ? origin : undefined
}

/** Of a host. A vault of Azure is nowhere near; a server for tests is. */
export function isLoopback(hostname: string): boolean {
  return ['127.0.0.1', 'localhost', '[::1]'].includes(hostname)
}

/** How a KEK ref spells a key. Names are told apart whatever their case, so that one key has one id. */
export function kekIdOf(vaultUrl: string, name: string): string {
  return `${new URL(vaultUrl).host}/${name.toLowerCase()}`
}
