// An application that has the packed package, its dependencies and nothing else: no optional peer. It is compiled with the
// declarations checked (`skipLibCheck: false`) and run, as ESM and as CommonJS.
import { cpSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { run } from './run.js'

/** Entries that are of no use without a peer, and import it. */
const NEEDS_A_PEER = ['waxseal/typeorm', 'waxseal/opentelemetry']
const APPLICATION = 'scripts/without-peers/app.ts'

export async function checkWithoutPeers(tarball, folder) {
  importsEverySubpath()
  writeFileSync(join(folder, 'package.json'), '{"private":true}\n')
  await run('npm', ['install', '--prefer-offline', '--no-audit', '--no-fund', '--ignore-scripts', tarball], {
    cwd: folder,
  })
  const { peerDependencies } = readJson('package.json')
  const installed = readdirSync(join(folder, 'node_modules'))
  const peers = Object.keys(peerDependencies).filter((name) => installed.includes(name.split('/')[0]))
  if (peers.length > 0) throw new Error(`expected no optional peer, found ${peers.join(', ')}`)

  // Node's own types are the one thing that a TypeScript application brings along.
  mkdirSync(join(folder, 'node_modules/@types'), { recursive: true })
  symlinkSync(resolve('node_modules/@types/node'), join(folder, 'node_modules/@types/node'))
  for (const type of ['module', 'commonjs']) {
    mkdirSync(join(folder, type))
    writeFileSync(join(folder, type, 'package.json'), JSON.stringify({ type }))
    cpSync(APPLICATION, join(folder, type, 'app.ts'))
  }
  const compilerOptions = { module: 'nodenext', target: 'es2022', strict: true, skipLibCheck: false, types: ['node'] }
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions, include: ['*/app.ts'] }))
  await run('tsc', ['-p', folder])
  for (const type of ['module', 'commonjs']) {
    const printed = await run(process.execPath, [join(folder, type, 'app.js')])
    if (printed !== 'decrypted\n') throw new Error(`${type}: expected "decrypted", found ${JSON.stringify(printed)}`)
  }
}

function importsEverySubpath() {
  const subpaths = Object.keys(readJson('package.json').exports).filter((subpath) => subpath !== './package.json')
  const source = readFileSync(APPLICATION, 'utf8')
  const missing = subpaths
    .map((subpath) => `waxseal${subpath.slice(1)}`)
    .filter((specifier) => !NEEDS_A_PEER.includes(specifier) && !source.includes(`from '${specifier}'`))
  if (missing.length > 0) throw new Error(`${APPLICATION} does not import ${missing.join(', ')}: add it there`)
}

const readJson = (path) => JSON.parse(readFileSync(path, 'utf8'))
