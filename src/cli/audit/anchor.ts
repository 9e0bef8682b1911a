import { withActor } from '../../audit/actor/actor.js'
import { anchorInFile } from '../../audit/integrity/anchor-file.js'
import { anchorAtKms } from '../../audit/integrity/anchor-kms.js'
import type { SignedCheckpoint } from '../../audit/integrity/sign-checkpoint.js'
import { openLedger } from '../../audit/ledger/open-ledger.js'
import { isProvider } from '../../config/configuration-schema.js'
import { connectProvider } from '../../config/connect-provider.js'
import { knownTrails } from '../../config/known-trails.js'
import type { LoadedConfiguration } from '../../config/load-configuration.js'
import { ConfigurationError } from '../../errors.js'
import { describeKek } from '../../kms/provider.js'
import type { Queryable } from '../../postgres/queryable.js'
import { placeOfFile } from './checkpoints.js'

export async function anchorInAFile(
  client: Queryable,
  file: string,
  { size, note }: SignedCheckpoint,
): Promise<string> {
  await anchorInFile(file, note)
  await writeDown(client, size, placeOfFile(file), null)
  return file
}

/** To be asked before anything is signed: in a trail that does not show the context there would be no checkpoint, and nobody would know. */
export async function assertShowsContext({ provider, audit }: LoadedConfiguration): Promise<void> {
  const name = isProvider(provider) ? (await provider.currentKek({})).provider : provider.name
  const trail = await knownTrails(audit).get(name)?.()
  if (trail?.showsContext) return
  throw new ConfigurationError(
    `"audit.checkpoints.anchors.kms": expected a provider whose audit trail shows the encryption context, found "${name}"; take it out, and name a file in "anchors.file"`,
  )
}

export async function anchorInTrail(
  client: Queryable,
  checkpoint: SignedCheckpoint,
  choice: LoadedConfiguration['provider'],
  { connection, label }: { readonly connection: Readonly<Record<string, unknown>>; readonly label: string },
): Promise<string> {
  // The call is one of ours: without its attempt in the ledger it would be found as one that nobody accounts for.
  await using ledger = await openLedger({ connection, connections: 1, label })
  const provider = await connectProvider(choice, ledger)
  const actor = { actor: label, purpose: 'checkpoint' }
  const kek = await withActor(actor, () => anchorAtKms(provider, checkpoint))
  await writeDown(client, checkpoint.size, `kms:${kek.provider}`, describeKek(kek))
  return `the audit trail of ${describeKek(kek)}`
}

async function writeDown(client: Queryable, size: number, place: string, reference: string | null): Promise<void> {
  await client.query(
    `INSERT INTO waxseal.log_anchor (size, place, reference)
      SELECT $1, $2, $3 WHERE NOT EXISTS (SELECT FROM waxseal.log_anchor WHERE size = $1 AND place = $2)`,
    [size, place, reference],
  )
}
