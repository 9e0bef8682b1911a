import { type ControlRow, type Framework, frameworks } from './control-map.js'
import type { PackManifest } from './manifest.js'

/** What somebody reads who has the pack and nothing else. */
export function packReadme(
  { madeBy, madeAt, period, environment }: PackManifest,
  controls: readonly ControlRow[],
): string {
  return `# Evidence pack

Made by ${madeBy} at ${madeAt}${environment === null ? '' : `, of the environment ${environment}`}, for the time from ${period.from} to ${period.to} (the end is
not part of it). All of it is of the database at one moment. Reports stand in \`reports/\`, each as JSON with its header, as CSV and as a page for print. No file holds a secret.

## Which file answers to which control

${(Object.keys(frameworks) as Framework[]).map((framework) => tableOf(framework, controls)).join('\n')}
## How to verify it, offline

1. Get the verifier key from somebody else than who gave you this pack: it is one line, \`<name>+<key id>+<base64>\`.
2. \`npx waxseal evidence verify <pack.zip> --key '<verifier key>'\`. It needs no database, no network and no configuration.

By hand, with any tools:

1. For each entry of \`manifest.json\`, the SHA-256 of the file is the one that is written there, and no other file is in the pack but
   \`manifest.json\` and \`manifest.note\`.
2. \`manifest.note\` is a signed note (C2SP signed-note): a text of two lines, \`waxseal evidence pack 1\` and the SHA-256 of
   \`manifest.json\` in hexadecimal; an empty line; and a line \`— <name> <base64>\`. The base64 is of the key id (4 bytes) and the signature of
   the text with its line ends. That of the verifier key is of one byte, the type, and the public key.
   - Type 1, Ed25519: 32 bytes; the key id is the first four bytes of SHA-256(name, line end, 0x01, public key).
   - Type 2, ECDSA P-256 with SHA-256: SPKI in DER, the signature in DER; the key id is the first four bytes of SHA-256(public key).
3. In each report, \`sha256\` of the header is over \`rows\`, in the canonical form of RFC 8785.
4. \`checkpoint.txt\` is a signed note too, by the same key or a former one, of three lines: the name of the log, how many records it has,
   and the root of their Merkle tree (RFC 6962) in base64. They are \`log_size\` and \`log_root\` (in hexadecimal) of each report.

The pack proves that whoever has the signing key vouched for these files. That the records behind them were not changed is what the
log's checkpoints prove: \`checkpoint.txt\`, exports of records that it covers, and \`waxseal audit check\` at the database.
`
}

function tableOf(framework: Framework, controls: readonly ControlRow[]): string {
  const rows = controls.filter((row) => row.framework === framework)
  const lines = rows.map(({ control, files }) => `| ${control} | ${files.map((file) => `\`${file}\``).join(', ')} |`)
  return `### ${frameworks[framework].title}\n\n| control | file |\n|---|---|\n${lines.join('\n')}\n`
}
