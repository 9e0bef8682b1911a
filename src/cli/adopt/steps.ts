import { cleanAdoption, enforceAdoption, planAdoption, prepareAdoption, WHAT_REMAINS } from '../../adoption/index.js'
import { ConfigurationError } from '../../errors.js'
import { loadTables } from '../configured.js'
import { EXIT } from '../exit-codes.js'
import { printJson, printLine } from '../terminal.js'
import { type AdoptOptions, eachTable, type FencedOptions, fenceOf, tellSteps } from './adopt-tables.js'
import { planLines } from './plan-lines.js'

export async function planTables(options: AdoptOptions & { readonly sample?: number }): Promise<void> {
  const { configuration } = await loadTables(options)
  const { sample } = options
  const planned = { recipients: configuration.recipients.length, ...(sample !== undefined && { sample }) }
  const plans = await eachTable(options, (client, table) => planAdoption(client, table, planned))
  if (plans.some(({ problems, sample: { ambiguous } }) => problems.length > 0 || ambiguous > 0)) {
    process.exitCode = EXIT.findings
  }
  if (options.json) return printJson({ tables: plans })
  for (const line of plans.flatMap(planLines)) printLine(line)
}

export async function prepareTables(options: AdoptOptions & { readonly dryRun?: true }): Promise<void> {
  const { dryRun = false } = options
  const prepared = await eachTable(options, async (client, table) => {
    return { entity: table.entity, ...(await prepareAdoption(client, table, { dryRun })) }
  })
  if (dryRun && !options.json) {
    for (const statement of prepared.flatMap(({ statements }) => statements)) printLine(`${statement};`)
    return
  }
  if (options.json) return printJson({ dryRun, tables: prepared })
  const told = prepared.map(({ entity, statements }) => ({
    ...{ entity, objections: [] },
    lines: [statements.length === 0 ? 'was prepared before' : `${statements.length} statements run: prepared`],
    next: 'deploy the application with mode adopt-read, then with adopt-write, then: waxseal adopt run',
  }))
  tellSteps(told, undefined)
}

export async function enforceTables(options: FencedOptions): Promise<void> {
  const told = await eachTable(options, async (client, table) => {
    const { done, objections } = await enforceAdoption(client, table, fenceOf(options))
    const next =
      'deploy the application with mode enforce; once nobody wants to go back, without "adopt", then: waxseal adopt clean'
    return { entity: table.entity, objections, lines: done, next }
  })
  tellSteps(told, options.json)
}

export async function cleanTables(options: FencedOptions & { readonly yes?: true }): Promise<void> {
  if (!options.yes) {
    throw new ConfigurationError('adopt clean: expected --yes, since there is no way back afterwards')
  }
  if (!options.entity) {
    throw new ConfigurationError('adopt clean: expected --entity: the declaration of the adoption is gone by now')
  }
  const told = await eachTable(options, async (client, table) => {
    const { done, objections } = await cleanAdoption(client, table, fenceOf(options))
    const lines =
      done.length === 0
        ? ['was cleaned before']
        : [...done, 'Plaintext of before may still lie in:', ...WHAT_REMAINS.map((place) => `- ${place}`)]
    return { entity: table.entity, objections, lines: objections.length > 0 ? [] : lines, next: 'the adoption is over' }
  })
  tellSteps(told, options.json)
}
