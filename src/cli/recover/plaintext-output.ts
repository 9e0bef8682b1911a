import { once } from 'node:events'
import { open } from 'node:fs/promises'
import { ConfigurationError } from '../../errors.js'

/** Where recovered rows go, one in JSON a line. */
export interface PlaintextOutput {
  write(row: object): Promise<void>
  close(): Promise<void>
}

export const NOWHERE: PlaintextOutput = { write: async () => undefined, close: async () => undefined }

/** A new file that only its owner reads; `-` is standard output. */
export async function openOutput(output: string): Promise<PlaintextOutput> {
  if (output === '-') return STANDARD_OUTPUT
  const handle = await open(output, 'wx', 0o600).catch(({ code }: NodeJS.ErrnoException) => {
    throw new ConfigurationError(`${output}: it cannot be written (${code}); name a new file`)
  })
  const incomplete = ({ code }: NodeJS.ErrnoException) => {
    throw new ConfigurationError(
      `${output}: it cannot be written any further (${code}); make room, or name another file`,
    )
  }
  return {
    write: (row) => handle.writeFile(`${JSON.stringify(row)}\n`).catch(incomplete),
    close: () =>
      handle
        .sync()
        .catch(incomplete)
        .finally(() => handle.close()),
  }
}

const STANDARD_OUTPUT: PlaintextOutput = {
  async write(row) {
    if (!process.stdout.write(`${JSON.stringify(row)}\n`)) await once(process.stdout, 'drain')
  },
  close: async () => undefined,
}
