import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { run } from './run.js'

/**
 * Installs a package that the project's own `node_modules` must not hold into `.tmp/<name>`, once, and gives back that folder.
 * `file` is there when it is complete.
 */
export async function installAside(name, dependency, file, options = []) {
  const target = resolve('.tmp', name)
  if (existsSync(join(target, file))) return target
  mkdirSync(dirname(target), { recursive: true })
  const folder = mkdtempSync(join(dirname(target), 'installing-'))
  try {
    writeFileSync(join(folder, 'package.json'), '{"private":true}\n')
    await run('npm', ['install', '--prefer-offline', '--no-audit', '--no-fund', ...options, dependency], {
      cwd: folder,
    })
    if (!existsSync(join(target, file))) renameSync(folder, target)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
  return target
}
