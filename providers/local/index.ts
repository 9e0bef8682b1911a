export { connectLocal } from './connect.js'
export { createPassphraseKeyring, generateLocalKey, type PassphraseKeyringOptions } from './keygen.js'
export type { ScryptCost } from './passphrase.js'
export { LocalProvider, type LocalProviderOptions } from './provider.js'
