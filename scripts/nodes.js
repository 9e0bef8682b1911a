// The Node versions that are supported, as programs: the one that runs this, and the others from npm, where Node's own
// builds are packages. They are kept in .tmp: in the project's node_modules, their `.bin/node` would stand before the real one.
import { delimiter, dirname, join } from 'node:path'
import { installAside } from './install-aside.js'

const VERSIONS = ['20.20.2', '22.23.3', '24.21.0']
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
  const program = join('node_modules', PACKAGE, process.platform === 'win32' ? 'node.exe' : 'bin/node')
  const folder = await installAside(`nodes/${version}`, `${PACKAGE}@${version}`, program, ['--ignore-scripts'])
  return join(folder, program)
}
