/** Strings first, so that digits in them are not looked at. */
const TOKENS = /"(?:[^"\\]|\\.)*"|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/g

/** Whether every number of a JSON text is the same after a program has read and printed it. Postgres holds longer ones. */
export function keepsNumbers(json: string): boolean {
  return [...json.matchAll(TOKENS)].every(([token]) => {
    return token.startsWith('"') || decimalOf(token) === decimalOf(String(Number(token)))
  })
}

/** One spelling for each number: digits without zeros at either end, and an exponent. */
function decimalOf(token: string): string {
  const [, sign = '', whole = '', fraction = '', exponent = '0'] =
    /^(-?)(\d+)(?:\.(\d+))?(?:e([+-]?\d+))?$/i.exec(token) ?? []
  const digits = `${whole}${fraction}`.replace(/^0+/, '')
  const significant = digits.replace(/0+$/, '')
  if (significant === '') return whole === '' ? 'none' : '0'
  return `${sign}${significant}e${Number(exponent) - fraction.length + digits.length - significant.length}`
}
