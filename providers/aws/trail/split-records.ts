const FILE = /^\s*\{\s*"Records"\s*:\s*\[/
/** A string, or what opens and closes. */
const TOKEN = /"[^"\\]*(?:\\.[^"\\]*)*"|[{}[\]]/g

/**
 * The records of a log file, each exactly as it is written there. A file of another form is one text, which nobody will take
 * for a record.
 */
export function splitRecords(file: string): string[] {
  const begin = FILE.exec(file)?.[0].length
  if (begin === undefined) return [file]
  const records: string[] = []
  let depth = 0
  let start = begin
  const tokens = new RegExp(TOKEN)
  tokens.lastIndex = begin
  for (let token = tokens.exec(file); token !== null; token = tokens.exec(file)) {
    const [text] = token
    if (text === '{' || text === '[') {
      if (depth === 0) start = token.index
      depth++
    } else if (text === '}' || text === ']') {
      if (depth === 0) return records
      depth--
      if (depth === 0) records.push(file.slice(start, tokens.lastIndex))
    }
  }
  // It ends in the middle.
  return [file]
}
