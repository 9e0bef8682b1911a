import { csvLine } from '../csv.js'
import type { Report } from './make-report.js'
import type { Cell } from './report.js'

/** How a report is written. Each is text; only `json` and `html` hold the header. */
export const renderings = {
  json: (report: Report) => `${JSON.stringify(report, null, 2)}\n`,
  jsonl: ({ rows }: Report) => rows.map((row) => `${JSON.stringify(row)}\n`).join(''),
  csv: ({ columns, rows }: Report) => {
    const names = columns.map(({ name }) => name)
    return [names, ...rows.map((row) => names.map((name) => row[name] ?? null))].map(csvLine).join('')
  },
  html: renderHtml,
}

export type Rendering = keyof typeof renderings

/** For print: one table, without a script and without anything that is loaded from elsewhere. */
function renderHtml({ header, columns, rows, limits }: Report): string {
  const list = Object.entries(header).map(
    ([name, value]) => `<tr><th>${name}</th><td>${inHtml(shown(value))}</td></tr>`,
  )
  const head = columns.map(({ name, meaning }) => `<th title="${inHtml(meaning)}">${inHtml(name)}</th>`)
  const body = rows.map(
    (row) => `<tr>${columns.map(({ name }) => `<td>${inHtml(shown(row[name]))}</td>`).join('')}</tr>`,
  )
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>${inHtml(`${header.report} ${header.title}`)}</title>
<style>body{font:14px sans-serif}table{border-collapse:collapse;margin:1em 0}th,td{border:1px solid #999;padding:2px 6px;text-align:left;vertical-align:top}</style>
</head><body><h1>${inHtml(`${header.report} ${header.title}`)}</h1>
<table>${list.join('\n')}</table>
<table><thead><tr>${head.join('')}</tr></thead>
<tbody>${body.join('\n')}</tbody></table>
<ul>${limits.map((limit) => `<li>${inHtml(limit)}</li>`).join('')}</ul>
<dl>${columns.map(({ name, meaning }) => `<dt>${inHtml(name)}</dt><dd>${inHtml(meaning)}</dd>`).join('')}</dl>
</body></html>
`
}

function shown(value: Cell | readonly string[] | undefined): string {
  return value === null || value === undefined ? '' : String(value)
}

function inHtml(text: string): string {
  const entities: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' }
  return text.replace(/[&<>"]/g, (character) => entities[character]!)
}
