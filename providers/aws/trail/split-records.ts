const FILE = /^\s*\{\s*"Records"\s*:\s*\[/
/** A string, also one that breaks off, since braces in it open and close nothing; or what does. */
const TOKEN = /"[^"\\]*(?:\\.[^"\\]*)*(?:"|\\?$)|[{}[\]]/gs
const BETWEEN = /^[\s,]*$/

/**
 * The records of a log file, each exactly as it is written there. What is none, such as a file of another form or the end of
 * one that breaks off, is one text more, which nobody will take for a record.
 */
export function splitRecords(file: string): string[] {
  const begin = FILE.exec(file)?.[0].length
  if (begin === undefined) return [file]
  const records: string[] = []
  let [depth, start, end] = [0, begin, begin]
  const tokens = new RegExp(TOKEN)
  tokens.lastIndex = begin
  for (let token = tokens.exec(file); token !== null; token = tokens.exec(file)) {
    const [text] = token
    if (depth === 0 && !BETWEEN.test(file.slice(end, token.index))) break
    if (text === '{' || text === '[') {
      if (depth === 0) start = token.index
      depth++
    } else if (text === '}' || text === ']') {
      if (depth === 0) return records
      depth--
      if (depth > 0) continue
      end = tokens.lastIndex
      records.push(file.slice(start, end))
    }
  }
  return [...records, file.slice(end)]
}
