// Replaces dist in one step when both builds are done, so that whoever reads the old one meanwhile finds all of it.
import { spawnSync } from 'node:child_process'
import { chmodSync, mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs'

mkdirSync('.tmp', { recursive: true })
const fresh = mkdtempSync('.tmp/build-')
const { status } = spawnSync(process.execPath, ['scripts/compile.js', fresh], { stdio: 'inherit' })
if (status === 0) {
  chmodSync(fresh, 0o755)
  rmSync('dist', { recursive: true, force: true })
  renameSync(fresh, 'dist')
} else {
  rmSync(fresh, { recursive: true, force: true })
  process.exitCode = 1
}
