// The Node versions that are supported, as programs: the one that runs this, and the others from npm, where Node's own
// builds are packages. They are kept in .tmp: in the project's node_modules, their `.bin/node` would stand before the real one.
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { delimiter, dirname, join, resolve } from 'node:path'
import { run } from './run.js'

const VERSIONS = ['20.20.2', '22.23.3', '24.21.0']
const FOLDER = resolve('.tmp/nodes')
const PACKAGE = `node-${process.platform === 'win32' ? 'win' : process.platform}-${process.arch}`

/** `{ version, program }` of each, in ascending order. A version that is running counts as its whole release line. */
export async function supportedNodes() {
  const nodes = []
  for (const version of VERSIONS) {
    const running = lineOf(process.versions.node) === lineOf(version)
    nodes.push(
      running
        ? { version: process.versions.node, program: process.execPath }
        : { version, program: await installed(version) },
    )
  }
  return nodes
}

/** Those of other release lines than the one that is running. */
export async function otherNodes() {
  return (await supportedNodes()).filter(({ program }) => program !== process.execPath)
}

/** An environment in which `node`, and whatever starts it by that name, is the given program. */
export function environmentOf({ program }, environment = process.env) {
  return { ...environment, PATH: [dirname(program), environment.PATH].join(delimiter) }
}

const lineOf = (version) => version.split('.')[0]

async function installed(version) {
  const target = join(FOLDER, version)
  const program = join('node_modules', PACKAGE, process.platform === 'win32' ? 'node.exe' : 'bin/node')
  if (!existsSync(join(target, program))) {
    mkdirSync(FOLDER, { recursive: true })
    const folder = mkdtempSync(join(FOLDER, 'installing-'))
    try {
      writeFileSync(join(folder, 'package.json'), '{"private":true}\n')
      const options = ['--prefer-offline', '--no-audit', '--no-fund', '--ignore-scripts']
      await run('npm', ['install', ...options, `${PACKAGE}@${version}`], { cwd: folder })
      if (!existsSync(join(target, program))) renameSync(folder, target)
    } finally {
      rmSync(folder, { recursive: true, force: true })
    }
  }
  return join(target, program)
}
