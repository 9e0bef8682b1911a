const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/

/** Of a record or a finding, as Postgres writes it: any other text would be refused there, by an error that helps nobody. */
export function isStoredId(text: string): boolean {
  return UUID.test(text)
}
