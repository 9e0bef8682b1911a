import { barChart } from './chart.js'
import { CHARTS, chartOf } from './charts.js'
import { fivePercentTable } from './five-percent.js'
import { acrossNodes } from './node-versions.js'
import { fillPage } from './page.js'
import { REASONS } from './reasons.js'
import type { Result } from './results.js'
import { figureTable } from './table.js'

export const PAGE = 'docs/performance.md'

/** All that is written from the results, by path: the page, whose other parts stay, and its charts. */
export function documents(page: string, results: Readonly<Record<string, Result>>): Record<string, string> {
  const blocks = Object.entries(results).map(([suite, result]) => [suite, figureTable(result, REASONS)])
  const { crypto } = results
  if (crypto) {
    blocks.push(['across-nodes', acrossNodesTable(crypto)], ['machine', machineText(crypto, results)])
  }
  if (results['lists'] && results['single-rows']) blocks.push(['five-percent', fivePercentTable(results)])
  const charts = Object.entries(CHARTS)
    .filter(([, { suite }]) => results[suite])
    .map(([name, text]) => [`docs/performance/${name}.svg`, barChart(chartOf(text, results))])
  return { [PAGE]: fillPage(page, Object.fromEntries(blocks)), ...Object.fromEntries(charts) }
}

function acrossNodesTable(crypto: Result): string {
  const figures = acrossNodes(crypto)
  // One column: it is a comparison of all of them.
  const table = figureTable({ ...crypto, runs: [{ ...crypto.runs[0]!, figures }] }, REASONS)
  return table.replace(/^(\|[^|]*\|[^|]*\|).*$/m, '$1 highest by lowest |')
}

function machineText({ machine, commit, runs }: Result, results: Readonly<Record<string, Result>>): string {
  const { cpu, cores, memoryGiB, system } = machine
  const nodes = runs.map(({ node, openssl }) => `${node} (OpenSSL ${openssl})`).join(', ')
  const loads = Object.values(results).flatMap((result) => result.runs.map(({ load }) => Math.round(load)))
  const load = `a load of ${Math.min(...loads)} to ${Math.max(...loads)} processes while measuring`
  return `${cpu}, ${cores} cores, ${memoryGiB} GiB, ${system}; Node ${nodes}; Postgres 18; code of ${commit}; ${load}.`
}
