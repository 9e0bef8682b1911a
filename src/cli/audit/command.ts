import type { Command } from 'commander'
import { defineExport } from './export.js'
import { printGrants } from './grants.js'
import { defineSearch } from './search.js'
import { defineShow } from './show.js'
import { defineTail } from './tail.js'

export function define(command: Command): void {
  command
    .command('grants')
    .description('print the GRANT statements of a role of the audit tables')
    .requiredOption('--role <role>', 'application, mirror or auditor')
    .requiredOption('--to <name>', 'the role in Postgres')
    .action(printGrants)
  defineSearch(command.command('search'))
  defineExport(command.command('export'))
  defineShow(command.command('show'))
  defineTail(command.command('tail'))
}
