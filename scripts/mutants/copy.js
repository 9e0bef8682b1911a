import { spawnSync } from 'node:child_process'
import { copyFileSync, linkSync, mkdirSync, readdirSync, renameSync, symlinkSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'

const COPIED = [
  'src',
  'providers',
  'test',
  'docs',
  'package.json',
  'tsconfig.json',
  'tsconfig.cjs.json',
  'scripts',
  'migrations',
]
const LEFT_OUT = new Set(['node_modules', 'mutants', 'consumers', 'bench'])

/** A copy of what tests are made of, with the packages linked: among them what compiles the command, which some run. */
export function copyProject(folder) {
  copyEntries('.', folder, copyFileSync, (name) => COPIED.includes(name))
  symlinkSync(resolve('node_modules'), join(folder, 'node_modules'))
}

/** A further copy that shares the files of the first. */
export function linkCopy(copy, folder) {
  copyEntries(copy, folder, linkSync, (name) => name !== 'node_modules')
  symlinkSync(resolve('node_modules'), join(folder, 'node_modules'))
}

/** Not by `cpSync`, which takes more than twice as long on small files. */
function copyEntries(from, to, copyFile, isWanted) {
  mkdirSync(to, { recursive: true })
  for (const entry of readdirSync(from, { withFileTypes: true }).filter(({ name }) => isWanted(name))) {
    const [source, target] = [join(from, entry.name), join(to, entry.name)]
    if (entry.isFile()) copyFile(source, target)
    if (entry.isDirectory()) copyEntries(source, target, copyFile, (name) => !LEFT_OUT.has(name))
  }
}

/** Puts the files of a folder in the places of those of a copy, not into them: other copies share those. */
export function layOver(copy, files) {
  copyEntries(files, copy, renameSync, () => true)
}

/** Makes the files that a patch changes, as they are with it, in the folder. Why it does not apply; undefined once it did. */
export function patchFiles(folder, { changed, text }) {
  for (const file of changed) {
    mkdirSync(dirname(join(folder, file)), { recursive: true })
    copyFileSync(file, join(folder, file))
  }
  const { status, stderr, error } = spawnSync('git', ['apply', '-'], { cwd: folder, input: text, encoding: 'utf8' })
  if (error) throw error
  return status === 0 ? undefined : `the patch does not apply; make it again for the source as it is now\n${stderr}`
}
