import { currentEnvironment, recoveryPassphraseFromEnvironment } from '../../config/environment.js'
import { firstLine, readInput } from '../terminal.js'

/** `WAXSEAL_RECOVERY_PASSPHRASE`, else the first line of standard input: never an argument. */
export async function recoveryPassphrase(): Promise<string> {
  return recoveryPassphraseFromEnvironment(currentEnvironment()) ?? firstLine(await readInput('the passphrase'))
}
