import type { ReportDefinition } from '../reports/report.js'

export const frameworks = {
  pci: { title: 'PCI DSS 4.0.1', prefix: 'PCI DSS ' },
  soc2: { title: 'SOC 2 (2017 Trust Services Criteria)', prefix: 'SOC 2 ' },
} as const
export type Framework = keyof typeof frameworks

export interface ControlRow {
  readonly framework: Framework
  readonly control: string
  /** Names of files of the pack. */
  readonly files: readonly string[]
}

/** 3.7 before 10.2. */
const { compare: byNumber } = new Intl.Collator('en', { numeric: true })

/** Which file of the pack answers to which control, by what each report says that it serves. */
export function controlMap(reports: readonly ReportDefinition[]): readonly ControlRow[] {
  const rows: ControlRow[] = []
  for (const [framework, { prefix }] of Object.entries(frameworks)) {
    const controls = new Set(reports.flatMap(({ serves }) => serves.filter((each) => each.startsWith(prefix))))
    for (const control of [...controls].sort(byNumber)) {
      const serving = reports.filter(({ serves }) => serves.includes(control))
      const files = serving.map(({ name }) => `reports/${name}.json`)
      rows.push({ framework: framework as Framework, control: control.slice(prefix.length), files })
    }
  }
  return rows
}
