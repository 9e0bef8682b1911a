/** Where events are logged. Empty where one does not say: then it is that of the reader. */
export function scopeOf(account: string | undefined, region: string | undefined): string {
  return account === undefined || region === undefined ? '' : `${account}/${region}`
}
