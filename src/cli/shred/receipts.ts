import type { Command } from 'commander'
import { ConfigurationError } from '../../errors.js'
import { listReceipts, readReceipt, readShreddedRows } from '../../shredding/index.js'
import { type ConfiguredOptions, withConfiguration } from '../configured.js'
import { EXIT } from '../exit-codes.js'
import { onSchema } from '../on-database.js'
import { printJson, printLine } from '../terminal.js'
import { receiptLine, receiptLines } from './report.js'

export function defineReceipts(command: Command): void {
  withConfiguration(command)
    .description('list what was shredded, and what still holds copies by now')
    .option('--receipt <id>', 'one of them; exit code 1 until no copy is known of')
    .option('--rows', 'with --receipt: its rows with the digests of their wrapped keys, one JSON object a line')
    .option('--json', 'print JSON')
    .action(print)
}

interface Options extends ConfiguredOptions {
  readonly receipt?: string
  readonly rows?: true
  readonly json?: true
}

async function print(options: Options): Promise<void> {
  const { receipt: id, rows, json } = options
  if (rows && id === undefined) throw new ConfigurationError('--rows: expected --receipt beside it')
  await onSchema(options, async (client) => {
    if (id === undefined) {
      const receipts = await listReceipts(client)
      if (json) return printJson(receipts)
      for (const receipt of receipts) printLine(receiptLine(receipt))
      return
    }
    const receipt = await readReceipt(client, id)
    if (rows) for await (const row of readShreddedRows(client, id)) printLine(JSON.stringify(row))
    else if (json) printJson(receipt)
    else for (const line of receiptLines(receipt)) printLine(line)
    if (receipt.status !== 'final') process.exitCode = EXIT.findings
  })
}
