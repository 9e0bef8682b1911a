import { createPrivateKey, randomBytes, randomUUID } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { LocalProvider } from '../../providers/local/index.js'
import {
  answerChallenge,
  confirmChallenge,
  createChallenge,
  createRecoveryKey,
  OfflineRecipient,
  parsePublicKey,
  RECOVERY_ALGORITHMS,
  RecoveryProvider,
} from '../../providers/offline/index.js'
import { EnvelopeCipher, formatText, metadataToJson } from '../../src/index.js'
import { readEnvelopes, rewrapRows } from '../../src/postgres/index.js'
import type { ProtectedProject } from '../cli/protected-project.js'
import type { Canaries } from './canaries.js'
import type { Command } from './commands.js'
import { ObservedProvider } from './session/observed-provider.js'

const binding = { entity: 'credential', row: randomUUID(), context: { tenant: 'acme' } }
const field = { id: 'credential.password', kind: 'text' } as const

/**
 * The commands of the offline recovery key, with keys of each algorithm, and rows to recover from an export and from the
 * database of the project. Passphrases, private halves, data keys and plaintext are all canaries.
 */
export async function recoveryCommands(
  canaries: Canaries,
  folder: string,
  { client, credentials }: ProtectedProject,
): Promise<Readonly<Record<string, Command>>> {
  const file = (name: string) => join(folder, name)
  const save = (name: string, text: string) => {
    writeFileSync(file(name), text, { mode: 0o600 })
    return file(name)
  }
  const commands: Record<string, Command> = {}
  for (const algorithm of RECOVERY_ALGORITHMS) {
    const passphrase = canaries.text(`the passphrase of ${algorithm}`)
    const wrong = canaries.text(`a wrong passphrase of ${algorithm}`)
    const pair = await createRecoveryKey(passphrase, algorithm)
    notePrivateHalf(canaries, pair.privateKey, passphrase)
    const challenge = createChallenge(parsePublicKey(pair.publicKey))
    const answer = await answerChallenge(challenge, new RecoveryProvider(pair.privateKey, passphrase))
    const confirmation = confirmChallenge(challenge, answer, new Date())
    const recipient = new OfflineRecipient({ publicKey: pair.publicKey, confirmation })
    const key = ['--key', save(`${algorithm}.pem`, pair.privateKey)]
    const challengeFile = save(`${algorithm}-challenge.json`, challenge)
    const env = { WAXSEAL_RECOVERY_PASSPHRASE: passphrase }

    const exported = async (name: string, declared: readonly string[] = []) => {
      const local = new LocalProvider({ keys: { 1: randomBytes(32) }, currentKey: 1 })
      const provider = new ObservedProvider(local, canaries)
      const envelope = await new EnvelopeCipher({ provider, recipients: [recipient] }).mint(binding)
      const value = formatText(envelope.encryptField(field, canaries.text(name, declared)))
      return { ...binding, metadata: metadataToJson(envelope.metadata), fields: [{ ...field, value }] }
    }
    const row = JSON.stringify(await exported(`a row for ${algorithm}`))
    const moved = JSON.stringify({ ...(await exported(`a row elsewhere for ${algorithm}`)), row: randomUUID() })
    const shown = JSON.stringify(await exported(`a row that ${algorithm} prints`, ['stdout']))
    const plain = canaries.text(`a plaintext in an export for ${algorithm}`)
    const rows = save(`${algorithm}.jsonl`, [row, moved, plain, JSON.stringify({ [plain]: plain })].join('\n'))
    const printed = save(`${algorithm}-printed.jsonl`, shown)
    const whole = save(`${algorithm}-whole.jsonl`, row)

    const id = await credentials.insert({ password: canaries.text(`a row of the database for ${algorithm}`) })
    const cipher = new EnvelopeCipher({ provider: credentials.provider, recipients: [recipient] })
    for await (const batch of readEnvelopes(client, credentials.table)) {
      const own = batch.filter(({ primaryKey }) => primaryKey.id === id.id)
      await rewrapRows(client, credentials.table, own, cipher)
    }

    const made = (name: string) => [file(`${algorithm}-${name}.pem`), file(`${algorithm}-${name}.pub`)]
    const create = ['recovery-key', 'create', '--algorithm', algorithm]
    Object.assign(commands, {
      [`recovery-key create of ${algorithm}`]: {
        args: [...create, ...made('new')],
        status: 0,
        options: { stdin: canaries.text(`a passphrase for a new ${algorithm}`) },
      },
      [`recovery-key create of ${algorithm} under a short passphrase`]: {
        args: [...create, ...made('weak')],
        status: 2,
        options: { env: { WAXSEAL_RECOVERY_PASSPHRASE: canaries.text('a short passphrase').slice(0, 12) } },
      },
      [`recovery-key challenge of ${algorithm}`]: {
        args: ['recovery-key', 'challenge', save(`${algorithm}.pub`, pair.publicKey)],
        status: 0,
      },
      [`recovery-key challenge of the private half of ${algorithm}`]: {
        args: ['recovery-key', 'challenge', key[1]!],
        status: 2,
      },
      [`recovery-key answer of ${algorithm}`]: {
        args: ['recovery-key', 'answer', key[1]!, challengeFile],
        status: 0,
        options: { env },
      },
      [`recovery-key answer of ${algorithm} under a wrong passphrase`]: {
        args: ['recovery-key', 'answer', key[1]!, challengeFile],
        status: 2,
        options: { stdin: wrong },
      },
      [`recovery-key confirm of ${algorithm} by a secret`]: {
        args: ['recovery-key', 'confirm', challengeFile, save(`${algorithm}-secret.txt`, plain)],
        status: 2,
      },
      [`recover with ${algorithm} from an export`]: {
        args: ['recover', whole, ...key, '--output', file(`${algorithm}-plain.jsonl`)],
        status: 0,
        options: { env },
      },
      [`recover with ${algorithm} rows that do not open`]: {
        args: ['recover', rows, ...key, '--dry-run', '--json'],
        status: 4,
        options: { stdin: passphrase },
      },
      [`recover with ${algorithm} to the screen`]: {
        args: ['recover', printed, ...key, '--output', '-'],
        status: 0,
        options: { env },
      },
      [`recover with ${algorithm} under a wrong passphrase`]: {
        args: ['recover', whole, ...key, '--dry-run'],
        status: 2,
        options: { env: { WAXSEAL_RECOVERY_PASSPHRASE: wrong } },
      },
      // The rows of the other algorithm do not open.
      [`recover with ${algorithm} from the database`]: {
        args: ['recover', ...key, '--output', file(`${algorithm}-tables.jsonl`)],
        status: 4,
        options: { env },
      },
    } satisfies Record<string, Command>)
  }
  const argument = canaries.text('a password in a URL', ['arguments'])
  commands['demo with a password among the arguments'] = {
    args: ['demo', '--database-url', `postgres://u:${argument}@127.0.0.1:9/d`],
    status: 2,
  }
  return commands
}

function notePrivateHalf(canaries: Canaries, pem: string, passphrase: string): void {
  const der = createPrivateKey({ key: pem, passphrase }).export({ type: 'pkcs8', format: 'der' })
  // What is in every key of that kind stands at the start of it.
  canaries.bytes('a private half', der.subarray(-32))
}
