import { join } from 'node:path'
import type { TemporaryPostgres } from '../../src/testing/temporary-postgres.js'
import type { transpile } from './transpile.js'

declare global {
  var waxsealTestPostgres: TemporaryPostgres | undefined
}

/** One server for all suites, with every statement logged: the tests search that log for plaintext. */
export default async function globalSetup({ rootDir }: { rootDir: string }): Promise<void> {
  const { WAXSEAL_TEST_DATABASE_URL: url, WAXSEAL_TEST_DATABASE_LOG: logFile } = process.env
  const { WAXSEAL_TEST_POSTGRES: application } = process.env
  if (url) {
    publish(url, logFile)
    return
  }
  // By computed paths: jest loads this file as CommonJS and without its module name mapper.
  const helper = (await import(join(rootDir, 'test/setup/transpile.ts'))) as { transpile: typeof transpile }
  const transpiled = helper.transpile(rootDir, 'src/testing/temporary-postgres.ts')
  try {
    const module = (await import(transpiled.file)) as typeof import('../../src/testing/temporary-postgres.js')
    const postgres = await module.startTemporaryPostgres({
      // But for the large tables of test/scale, whose statements would fill the disk.
      logStatements: process.env.WAXSEAL_SCALE_ROWS === undefined,
      ...(logFile && { logFile }),
      ...(application && { application }),
    })
    globalThis.waxsealTestPostgres = postgres
    publish(postgres.url, postgres.logFile)
  } finally {
    transpiled.remove()
  }
}

function publish(url: string, logFile: string | undefined): void {
  process.env.WAXSEAL_TEST_URL = url
  if (logFile) process.env.WAXSEAL_TEST_LOG = logFile
}
