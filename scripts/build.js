// Two builds of one source: ESM, and CommonJS for the Nest and TypeORM applications that still are.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs'

// Replaces dist in one step when both are done, so that whoever reads the old one meanwhile finds all of it.
mkdirSync('.tmp', { recursive: true })
const fresh = mkdtempSync('.tmp/build-')
const codes = await Promise.all([compile('tsconfig.json', 'esm'), compile('tsconfig.cjs.json', 'cjs')])
if (codes.every((code) => code === 0)) {
  writeFileSync(`${fresh}/cjs/package.json`, '{"type":"commonjs"}\n')
  chmodSync(`${fresh}/esm/src/cli/main.js`, 0o755)
  chmodSync(fresh, 0o755)
  rmSync('dist', { recursive: true, force: true })
  renameSync(fresh, 'dist')
} else {
  rmSync(fresh, { recursive: true, force: true })
  process.exitCode = 1
}

/**
 * @param {string} project
 * @param {string} folder
 */
async function compile(project, folder) {
  const args = ['node_modules/typescript/bin/tsc', '-p', project, '--outDir', `${fresh}/${folder}`]
  const [code] = await once(spawn(process.execPath, args, { stdio: 'inherit' }), 'exit')
  return code
}
