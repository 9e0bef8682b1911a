import { writeSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { closeOnSignals, EnvelopeCipher, InMemoryCallLedger, RecordingProvider } from '../../../src/index.js'
import { FaultyProvider } from '../../../src/testing/faulty-provider.js'

/*
 * A service whose KMS answers when it is told to. It does what standard input says, a command a line, so it does not end by
 * itself; and says at once what happens.
 */
const say = (text: string) => writeSync(1, `${text}\n`)
const binding = { entity: 'credential', context: {} }
const answers = new Map<string, () => void>()
const ciphers = new Map<string, EnvelopeCipher>()

/** A cipher that closes on signals, or fails to, with an operation on its way. */
function start(name: string, fails: boolean): void {
  const kms = new FaultyProvider()
  const answered = new Promise<void>((resolve) => answers.set(name, resolve))
  kms.faults.inject({
    async transport(call, send) {
      await answered
      return send(call.options)
    },
  })
  const ledger = new InMemoryCallLedger()
  const cipher = new EnvelopeCipher({ provider: new RecordingProvider(kms, ledger), timeoutMs: 60_000 })
  ciphers.set(name, cipher)
  const outcomes = () => ledger.entries.map(({ end }) => end?.outcome ?? 'no end').join()
  void cipher.mint(binding).then(() => say(`${name} minted, in the ledger: ${outcomes()}`))
  closeOnSignals({
    async close() {
      say(`${name} closing`)
      if (fails) throw new Error('cannot close')
      const closed = cipher.close()
      cipher.mint(binding).catch((error) => say(`${name} refuses: ${error.code}`))
      await closed
    },
  })
}

const commands: Readonly<Record<string, (argument: string) => void>> = {
  start: (name) => start(name, false),
  'start-failing': (name) => start(name, true),
  'application-listens': (how) => void process[how as 'on' | 'once']('SIGTERM', () => say('the application heard it')),
  answer: (name) => answers.get(name)?.(),
  // After what is done once a cipher is closed.
  wait: (name) =>
    void ciphers
      .get(name)
      ?.close()
      .then(() => setImmediate(() => say(`${name} closed`))),
  exit: (code) => process.exit(Number(code)),
}

createInterface({ input: process.stdin }).on('line', (line) => {
  const [command, argument] = line.split(' ') as [string, string]
  commands[command]!(argument)
  say(`> ${line}`)
})
