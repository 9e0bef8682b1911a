import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from '@jest/globals'
import { connectOffline, type OfflineRecipient } from '../../providers/offline/index.js'
import { waxseal } from '../setup/cli.js'

export const env = { WAXSEAL_RECOVERY_PASSPHRASE: 'seven lamps under a copper bridge' }

/** Makes a pair and has its challenge answered, into files of that name. */
export async function confirmedKey(folder: string, name: string, ...options: string[]): Promise<void> {
  const file = (ending: string) => join(folder, `${name}${ending}`)
  const created = await waxseal(['recovery-key', 'create', file('.pem'), file('.pub'), ...options], { env })
  expect(created).toMatchObject({ status: 0, stderr: '' })
  expect(created.stdout).toMatch(/^recovery key [0-9a-f]{64}\n$/)
  writeFileSync(file('-challenge.json'), (await waxseal(['recovery-key', 'challenge', file('.pub')])).stdout)
  const answer = await waxseal(['recovery-key', 'answer', file('.pem'), file('-challenge.json')], { env })
  writeFileSync(file('-answer.txt'), answer.stdout)
  const confirmed = await waxseal(['recovery-key', 'confirm', file('-challenge.json'), file('-answer.txt')])
  writeFileSync(file('-confirmation.json'), confirmed.stdout)
}

export function recipientOfFiles(folder: string, name: string): Promise<OfflineRecipient> {
  const file = (ending: string) => join(folder, `${name}${ending}`)
  return connectOffline({ publicKeyFile: file('.pub'), confirmationFile: file('-confirmation.json') })
}
