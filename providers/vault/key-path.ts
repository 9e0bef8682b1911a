import { ConfigurationError } from '../../src/errors.js'

/** A transit key by where it is: all that a request path is made of comes from the configuration and looks like this. */
export interface KeyPath {
  readonly mount: string
  readonly name: string
}

/** What Vault takes as a name, which begins and ends with a letter, a digit or `_`: never `.`, `..` or nothing. */
const SEGMENT = /^\w(?:[\w.-]*\w)?$/

/** `<mount>/<key>`; the mount can have several parts. */
export function parseKeyPath(option: string, text: string): KeyPath {
  const segments = text.split('/')
  const name = segments.pop() as string
  if (segments.length > 0 && [...segments, name].every((each) => SEGMENT.test(each))) {
    return { mount: segments.join('/'), name }
  }
  throw new ConfigurationError(
    `provider "vault": "${option}" must be <mount>/<key>, such as transit/waxseal: letters, digits, "_", "-" and "."`,
  )
}

/** Whether a text is such a path, with a namespace or without. */
export function isKeyPath(text: string): boolean {
  const segments = text.split('/')
  return segments.length > 1 && segments.every((each) => SEGMENT.test(each))
}

/** Without slashes around it, as it stands in KEK refs. */
export function parseNamespace(text: string): string {
  const namespace = text.replace(/^\/|\/$/g, '')
  if (namespace.split('/').every((each) => SEGMENT.test(each))) return namespace
  throw new ConfigurationError('provider "vault": "namespace" must be a path such as team or team/service')
}

/**
 * How a KEK ref spells a key: its full path from the root namespace. That is how Vault itself resolves it, whether the
 * namespace stands in the path or in a header.
 */
export function storedIdOf(namespace: string, { mount, name }: KeyPath): string {
  return [...(namespace === '' ? [] : [namespace]), mount, name].join('/')
}
