/** A table whose encrypted columns may not be compared, by the names that stand in SQL. */
export interface ComparedTable {
  readonly schema: string
  readonly name: string
  readonly columns: readonly string[]
}

const READS = /^[\s(]*(?:WITH|SELECT|UPDATE|DELETE|MERGE|EXPLAIN|DECLARE|INSERT\b[\s\S]*\bSELECT)\b/i
/** Identifiers too, so that a quote or a dash in one begins nothing. */
const QUOTED_AND_COMMENTS = /"(?:[^"]|"")*"|'(?:[^']|'')*'|\/\*[\s\S]*?\*\/|--[^\n]*/g
/** A query by thousands of keys is read as one by a single key. */
const FURTHER_PARAMETERS = /(?<=\$\d+)(?:\s*,\s*\$\d+)+/g
/** What is assigned is not compared; the field's own rules look at it. */
const ASSIGNMENTS = /\bSET\b[\s\S]*?(?=\b(?:WHERE|FROM|RETURNING)\b|$)/gi
/** Between `FROM` and a further table of its list. */
const FROM_LIST = /\bFROM\b(?:(?!\b(?:WHERE|GROUP|ORDER|HAVING|LIMIT|SELECT|RETURNING)\b)[^()])*,\s*$/i

const OPERATOR = String.raw`(?:<@|[=<>]|!=|!?~|\^@|@[>@?]|&&|\?[|&]?|\b(?:(?:NOT\s+)?(?:I?LIKE|IN|BETWEEN|SIMILAR)|IS\s+(?:NOT\s+)?DISTINCT)\b)`
/** What compares without an operator, before one of its arguments. */
const COMPARES = String.raw`(?:\bCASE\s+|\b(?:NULLIF|STRPOS|STARTS_WITH|REGEXP_\w+|(?:\w+_)?SIMILARITY|LEVENSHTEIN)\s*\((?:[^()]*,)?\s*)`
/** What may stand around a column that is compared: brackets, a function, a cast, a collation. */
const OPENED = String.raw`(?:\w*\s*\(\s*)*`
const CLOSED = String.raw`(?:\s*(?:\)|::\s*"?\w+"?(?:\[\])?|COLLATE\s+"?[\w.-]+"?|,[^()]*\)))*\s*`

/** The comparisons of one table's columns, in the text of a statement. */
export class ComparedColumns {
  readonly #table: ComparedTable
  readonly #reference: RegExp

  constructor(table: ComparedTable) {
    this.#table = table
    const schema = String.raw`(?:(?<schema>"[^"]+"|\w+)\s*\.\s*)?`
    const name = `(?:"${escapeRegExp(table.name)}"|\\b${escapeRegExp(table.name)}\\b)`
    const alias = String.raw`(?:\s+(?:AS\s+)?(?:"(?<quoted>[^"]+)"|(?<alias>\w+)))?`
    const before = String.raw`(?:\b(?:FROM|JOIN|UPDATE|INTO|USING|ONLY)\s+|(?<list>,\s*))`
    this.#reference = new RegExp(`${before}${schema}${name}(?!\\s*\\.)${alias}`, 'gi')
  }

  /** Whether `sql`, from `comparingPartOf`, compares one of the columns with anything. */
  areIn(sql: string): boolean {
    const owners = this.#ownersIn(sql)
    if (owners.length === 0) return false
    const quoted = (names: readonly string[]) =>
      names.map((each) => `"${escapeRegExp(each)}"|\\b${escapeRegExp(each)}\\b`)
    const owned = `(?:${quoted(owners).join('|')})\\s*\\.\\s*`
    // What follows tells a column from a table, an alias or a function of the same name.
    const column = `(?:${owned}|(?<![.\\w"]))(?<!\\bCOUNT\\s*\\([^()]*)(?:${quoted(this.#table.columns).join('|')})(?!["\\w]|\\s*[.(])`
    return new RegExp(`${column}${CLOSED}${OPERATOR}|(?:${OPERATOR}\\s*|${COMPARES})${OPENED}${column}`, 'i').test(sql)
  }

  /** The table's name and aliases, where the statement reads or changes it. */
  #ownersIn(sql: string): string[] {
    const owners = [...sql.matchAll(this.#reference)].flatMap(({ groups = {}, index }) => {
      const { schema, quoted, alias, list } = groups
      if (schema && schema.replaceAll('"', '') !== this.#table.schema) return []
      // A comma also stands between columns.
      if (list && !FROM_LIST.test(sql.slice(0, index) + list)) return []
      return [this.#table.name, quoted ?? alias ?? this.#table.name]
    })
    return [...new Set(owners)]
  }
}

/** The part of a statement that can compare; undefined for one that compares nothing. */
export function comparingPartOf(query: string): string | undefined {
  const text = query.replace(QUOTED_AND_COMMENTS, (found) => {
    if (found.startsWith('"')) return found
    return found.startsWith("'") ? "''" : ' '
  })
  return READS.test(text) ? text.replace(FURTHER_PARAMETERS, '').replace(ASSIGNMENTS, ' ') : undefined
}

function escapeRegExp(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')
}
