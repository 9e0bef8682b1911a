import { type Command, Option } from 'commander'
import { RECOVERY_ALGORITHMS, type RecoveryAlgorithmName } from '../../providers/offline/algorithms.js'
import { answerChallenge, confirmChallenge, createChallenge } from '../../providers/offline/challenge.js'
import { createRecoveryKey } from '../../providers/offline/create-key.js'
import { parsePublicKey } from '../../providers/offline/public-key.js'
import { RecoveryProvider } from '../../providers/offline/recovery-provider.js'
import { readText } from './recover/read-text.js'
import { recoveryPassphrase } from './recover/recovery-passphrase.js'
import { print, printLine } from './terminal.js'
import { writePrivately } from './write-privately.js'

export function define(command: Command): void {
  command.addHelpText(
    'after',
    '\ncreate and answer belong on the offline machine. The passphrase: WAXSEAL_RECOVERY_PASSPHRASE, else the first line of' +
      '\nstandard input. docs/key-management.md',
  )
  command
    .command('create')
    .description('offline: make the pair; the private half is encrypted under the passphrase')
    .argument('<private>', 'new file of the private half')
    .argument('<public>', 'new file of the public half')
    .addOption(new Option('--algorithm <name>', 'of the pair').choices(RECOVERY_ALGORITHMS).default('rsa-oaep-256'))
    .action(create)
  command
    .command('challenge')
    .description('at the service: print a challenge that only the private half opens')
    .argument('<public>', 'file of the public half')
    .action(async (file: string) => print(createChallenge(parsePublicKey(await readText(file)))))
  command
    .command('answer')
    .description('offline: print the answer to a challenge')
    .argument('<private>', 'file of the private half')
    .argument('<challenge>', 'file of the challenge')
    .action(answer)
  command
    .command('confirm')
    .description('at the service: check the answer and print the confirmation, for "confirmationFile"')
    .argument('<challenge>', 'file of the challenge')
    .argument('<answer>', 'file of the answer')
    .action(confirm)
}

interface CreateOptions {
  readonly algorithm: RecoveryAlgorithmName
}

async function create(privateFile: string, publicFile: string, { algorithm }: CreateOptions): Promise<void> {
  const { privateKey, publicKey } = await createRecoveryKey(await recoveryPassphrase(), algorithm)
  await writePrivately(privateFile, privateKey)
  await writePrivately(publicFile, publicKey)
  printLine(`recovery key ${parsePublicKey(publicKey).fingerprint}`)
}

async function answer(privateFile: string, challengeFile: string): Promise<void> {
  const [pem, challenge] = [await readText(privateFile), await readText(challengeFile)]
  printLine(await answerChallenge(challenge, new RecoveryProvider(pem, await recoveryPassphrase())))
}

async function confirm(challengeFile: string, answerFile: string): Promise<void> {
  const [challenge, text] = [await readText(challengeFile), await readText(answerFile)]
  print(confirmChallenge(challenge, text.trim(), new Date()))
}
