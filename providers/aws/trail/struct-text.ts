/** A bracket, what is between two members, a name with nothing or something behind it, or a value: no value of these has `, ` in it. */
const TOKEN = /([[\]{}])|(, )|(?<=[{ ])([^\s,=[\]{}]+)=(?=(, |\})?)|((?:(?!, |[[\]{}]).)+)/gs

/** `{type=Root, arn=…, sessioncontext={…}}`, as Presto prints a struct, and with it Athena and CloudTrail Lake: in JSON. */
export function jsonOfStruct(text: string): string {
  return text.replace(TOKEN, (_token, bracket, comma, name, isEmpty, value) => {
    if (bracket !== undefined) return bracket
    if (comma !== undefined) return ','
    if (name !== undefined) return `${JSON.stringify(name)}:${isEmpty === undefined ? '' : 'null'}`
    return value === 'null' ? value : JSON.stringify(value)
  })
}
