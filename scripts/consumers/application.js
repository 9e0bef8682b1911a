// One application of test/consumers, as a user has it: in a folder of its own, with its own packages and the packed one.
import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { loaders, readLoaded } from '../loaded-modules.js'
import { environmentOf } from '../nodes.js'
import { run } from '../run.js'

export const APPLICATIONS = 'test/consumers'
const OPTIONS = ['--prefer-offline', '--no-audit', '--no-fund', '--ignore-scripts']

/** Installs it from its lock, then the tarball, which no lock could name; compiles it with every declaration checked. */
export async function install(name, folder, tarball, environment) {
  const cwd = join(folder, name)
  cpSync(join(APPLICATIONS, name), cwd, { recursive: true })
  const npm = (...args) => run('npm', args, { cwd, env: environment })
  await npm('ci', ...OPTIONS)
  const peers = peersIn(cwd)
  await npm('install', '--no-save', ...OPTIONS, tarball)
  if (peersIn(cwd).length > peers.length) {
    throw new Error(`expected the peers that it has itself (${peers.join(', ')}), found ${peersIn(cwd).join(', ')}`)
  }
  const { compilerOptions } = readJson(join(cwd, 'tsconfig.json'))
  if (compilerOptions.skipLibCheck !== false) throw new Error('expected "skipLibCheck": false in its tsconfig.json')
  await npm('run', 'build')
  return { cwd, usesTypeorm: peers.includes('typeorm') }
}

/** Importing the package loads nothing of TypeORM, a database or a vendor, where all of them could be loaded. */
export async function assertLoadsLittle({ cwd }, node, environment) {
  for (const [format, argumentsOf] of Object.entries(loaders)) {
    const env = environmentOf(node, environment)
    const { packages } = readLoaded(await run(node.program, argumentsOf('waxseal'), { cwd, env }))
    if (packages.join() !== 'lru-cache,waxseal') {
      throw new Error(`${format}: expected waxseal to load lru-cache, found ${packages.join(', ')}`)
    }
  }
}

/** TypeORM's own command line: what it generates for an empty database, and that it finds nothing to add to what we ship. */
export async function assertMigrationsAreStable({ cwd }, node, environment) {
  const env = environmentOf(node, environment)
  const npm = (script, ...args) => run('npm', ['run', script, ...args], { cwd, env })
  const generated = mkdtempSync(join(cwd, 'generated-'))
  await npm('migration:generate', '--', join(generated, 'First'))
  if (readdirSync(generated).length !== 1) throw new Error('expected a migration for an empty database, found none')
  await npm('migration:run')
  const said = await npm('migration:generate', '--', join(generated, 'Second')).catch(({ message }) => message)
  if (!said.includes('No changes in database schema were found')) throw new Error(`expected no changes, found\n${said}`)
}

export async function runTests({ cwd }, node, environment) {
  await run('npm', ['test'], { cwd, env: environmentOf(node, environment) })
}

function peersIn(cwd) {
  const { peerDependencies } = readJson('package.json')
  return Object.keys(peerDependencies).filter((name) => existsSync(join(cwd, 'node_modules', name)))
}

const readJson = (path) => JSON.parse(readFileSync(path, 'utf8'))
