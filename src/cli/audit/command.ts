import type { Command } from 'commander'
import { defineAccess } from './access.js'
import { defineArchive } from './archive.js'
import { defineCheck } from './check.js'
import { defineCheckpoint } from './checkpoint.js'
import { defineExport } from './export.js'
import { defineAcknowledge, defineFindings } from './findings.js'
import { printGrants } from './grants.js'
import { defineHold } from './hold.js'
import { defineKeygen } from './keygen.js'
import { defineMirror } from './mirror.js'
import { defineReconcile } from './reconcile.js'
import { defineRetain } from './retain.js'
import { defineSearch } from './search.js'
import { defineShow } from './show.js'
import { defineStatus } from './status.js'
import { defineTail } from './tail.js'
import { defineVerifierKey } from './verifier-key.js'
import { defineVerify } from './verify.js'

export function define(command: Command): void {
  command
    .command('grants')
    .description('print the GRANT statements of a role of the audit tables')
    .requiredOption('--role <role>', 'application, mirror or auditor')
    .requiredOption('--to <name>', 'the role in Postgres')
    .action(printGrants)
  defineMirror(command.command('mirror'))
  defineAccess(command.command('access'))
  defineStatus(command.command('status'))
  defineReconcile(command.command('reconcile'))
  defineFindings(command.command('findings'))
  defineAcknowledge(command.command('acknowledge'))
  defineSearch(command.command('search'))
  defineArchive(command.command('archive').description('look at months that were archived'))
  defineHold(command.command('hold').description('keep records for as long as a reason lasts'))
  defineRetain(command.command('retain'))
  defineExport(command.command('export'))
  defineShow(command.command('show'))
  defineTail(command.command('tail'))
  defineKeygen(command.command('keygen'))
  defineVerifierKey(command.command('verifier-key'))
  defineCheckpoint(command.command('checkpoint'))
  defineCheck(command.command('check'))
  defineVerify(command.command('verify'))
}
