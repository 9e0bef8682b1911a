import { once } from 'node:events'
import { Argument, type Command, InvalidArgumentError, Option } from 'commander'
import { ConfigurationError } from '../errors.js'
import { serveControl } from '../testing/servers/control-server.js'
import { startTestKms, TEST_KMS_VENDORS, type TestKmsVendor } from '../testing/servers/start-test-kms.js'
import { printJson, printLine, tell } from './terminal.js'

interface Options {
  readonly port?: number
  readonly controlPort?: number
  readonly upstream?: string
  readonly json?: true
}

export function define(command: Command): void {
  command
    .addArgument(new Argument('<vendor>', 'whose KMS').choices(TEST_KMS_VENDORS))
    .addOption(new Option('--port <number>', 'where it listens, on 127.0.0.1 (default: a free port)').argParser(portOf))
    .addOption(
      new Option('--control-port <number>', 'where it takes commands (default: a free port)').argParser(portOf),
    )
    .option('--upstream <url>', 'an emulator that does the work, to which this adds faults')
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      '\nRuns until it is interrupted. For tests only: it takes any credentials. docs/testing-providers.md',
    )
    .action(testKms)
}

async function testKms(vendor: TestKmsVendor, { port, controlPort, upstream, json }: Options): Promise<void> {
  const server = await onPort(port, () =>
    startTestKms(vendor, { ...(port !== undefined && { port }), ...(upstream !== undefined && { upstream }) }),
  )
  const listener = await onPort(controlPort, () => serveControl(server, controlPort))
  const control = `http://127.0.0.1:${listener.port}`
  if (json) printJson({ vendor, endpoint: server.endpoint, control, environment: server.environment })
  else for (const [name, value] of Object.entries(server.environment)) printLine(`export ${name}='${value}'`)
  tell(`a ${vendor} KMS for tests at ${server.endpoint}, commands at ${control}; ends with Ctrl-C`)
  await Promise.race(['SIGINT', 'SIGTERM'].map((signal) => once(process, signal)))
  await Promise.all([server.close(), listener.close()])
}

async function onPort<T>(port: number | undefined, start: () => Promise<T>): Promise<T> {
  try {
    return await start()
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code !== 'EADDRINUSE' && code !== 'EACCES') throw error
    throw new ConfigurationError(`port ${port}: ${code === 'EACCES' ? 'not allowed' : 'taken'}; choose another one`)
  }
}

function portOf(text: string): number {
  const port = Number(text)
  if (/^\d{1,5}$/.test(text) && port >= 1 && port <= 65_535) return port
  throw new InvalidArgumentError('expected a port from 1 to 65535.')
}
