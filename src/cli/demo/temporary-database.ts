import { closeSync, fstatSync, openSync, readSync } from 'node:fs'
import { startTemporaryPostgres } from '../../testing/temporary-postgres.js'
import { connectTo, createSchema, type DemoDatabase } from './database.js'

/** A Postgres that lives as long as the demo, whose log can be read too. */
export async function openTemporaryDatabase(): Promise<DemoDatabase> {
  // Every statement with its parameters: what a refused attempt sent is looked up there.
  const { url, logFile, stop } = await startTemporaryPostgres({ logStatements: true })
  const log = new GrowingFile(logFile)
  const close = async () => {
    log.close()
    await stop()
  }
  try {
    const schema = 'waxseal_demo'
    const version = await createSchema(url, schema)
    const connect = () => connectTo(url, schema)
    return {
      url,
      schema,
      isTemporary: true,
      version,
      applicationName: schema,
      connect,
      newLog: () => log.read(),
      close,
    }
  } catch (error) {
    await close()
    throw error
  }
}

/** By descriptor: the log lies in a folder that can go away before we do. */
class GrowingFile {
  readonly #file: number
  #read = 0

  constructor(path: string) {
    this.#file = openSync(path, 'r')
  }

  /** What was appended since the last time. */
  read(): string {
    const buffer = Buffer.alloc(fstatSync(this.#file).size - this.#read)
    this.#read += readSync(this.#file, buffer, 0, buffer.length, this.#read)
    return buffer.toString('utf8')
  }

  close(): void {
    closeSync(this.#file)
  }
}
