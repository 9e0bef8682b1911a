import { canonicalContext, encryptionContextOf, formatText, metadataFromJson, metadataToJson, parseText } from 'waxseal'
import { type Comparison, measureComparisons } from '../harness/compare.js'
import { synchronously } from '../harness/rounds.js'
import { quantile } from '../harness/statistics.js'
import { localCipher, newBinding, secretText, textField } from './credential.js'
import { credentialCases } from './crypto.js'
import { rawGcm } from './raw.js'

/** Work that always takes the same instructions, in shares of a raw encryption: what a regression shows in first. */
export async function gateRatios(): Promise<Record<string, number>> {
  const comparisons = [...(await credentialCases()), ...(await partCases())]
  const samples = await measureComparisons(comparisons, { rounds: 80, warmUpRounds: 30, sliceMs: 2 })
  // The best of many short slices, on either side: whatever else runs on the machine can only make one slower.
  const best = (name: string) => quantile(samples[name]!, 0.05)
  return Object.fromEntries(comparisons.map(({ id, base }) => [id, best(id) / best(base.name)]))
}

/** The parts of it that no other case would show to have doubled. */
async function partCases(): Promise<Comparison[]> {
  const base = { ...rawGcm(Buffer.from(secretText())).encrypt, name: 'raw encrypt beside the parts' }
  const binding = newBinding()
  const envelope = await localCipher().mint(binding)
  const field = envelope.encryptField(textField, secretText())
  const [text, json] = [formatText(field), metadataToJson(envelope.metadata)]
  const part = (id: string, operation: () => unknown) => ({ id, title: id, base, run: synchronously(operation) })
  return [
    part('context', () => canonicalContext(encryptionContextOf(binding, envelope.metadata.id))),
    part('encrypt-short', () => envelope.encryptField(textField, 'short')),
    part('format-text', () => formatText(field)),
    part('parse-text', () => parseText(text)),
    part('parse-metadata', () => metadataFromJson(json)),
  ]
}
