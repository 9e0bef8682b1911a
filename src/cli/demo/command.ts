import { type Command, Option } from 'commander'
import { wholeNumber } from '../whole-number.js'
import type { DemoOptions } from './demo.js'

export function define(command: Command): void {
  command
    .option(
      '--database-url [url]',
      'work there, in a schema of its own that is dropped afterwards (default: a temporary Postgres); without a URL that of' +
        ' WAXSEAL_DATABASE_URL or DATABASE_URL, where one with a password belongs',
    )
    .option(
      '--credentials <file.jsonl>',
      'load these, one JSON object a line: {"shop": …, "secret": …} (default: a made-up set)',
    )
    .addOption(
      new Option('--rows <number>', 'the size of the made-up set')
        .argParser(wholeNumber)
        .default(1_000)
        .conflicts('credentials'),
    )
    .option('--json', 'print one JSON document instead')
    .action(async (options: DemoOptions) => {
      const { demo } = await import('./demo.js')
      process.exitCode = await demo(options)
    })
}
