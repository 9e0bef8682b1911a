// `node scripts/compile.js FOLDER [--no-check]`: two builds of one source into FOLDER, ESM, and CommonJS for the Nest and TypeORM
// applications that still are. `--no-check` is for tests, which are in a hurry and read the declarations of ESM alone.
//
// Node takes most of a millisecond for each module that it loads, so the modules that the compiler makes are joined: one file
// for each entry, and chunks of what entries share. Not minified, since it is read where something fails.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, cpSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { rolldown } from 'rolldown'

const [folder, option] = process.argv.slice(2)
const { bin, exports } = JSON.parse(readFileSync('package.json', 'utf8'))
const subpaths = Object.values(exports).filter((target) => typeof target !== 'string')
const entries = {
  esm: [...Object.values(bin), ...subpaths.map((target) => target.import.default)],
  cjs: subpaths.map((target) => target.require.default),
}
/** What nearly everybody loads, in two: `waxseal/kms` and the help of the command line load no package for it. */
const groups = [
  { name: 'common', test: /[\\/]src[\\/](?:kms[\\/]|errors\.|envelope[\\/]format\.)/ },
  { name: 'envelope', test: /[\\/]src[\\/]envelope[\\/]/ },
]

const compiled = await Promise.all(
  option === '--no-check'
    ? [compile('tsconfig.json', 'esm', '--noCheck')]
    : [
        compile('tsconfig.json', 'esm'),
        // Its declarations alone: both builds are made of the same modules.
        compile('tsconfig.cjs.json', 'cjs', '--emitDeclarationOnly'),
      ],
)
if (compiled.every((code) => code === 0)) await bundle()
else process.exitCode = 1

/**
 * @param {string} project
 * @param {string} kind
 * @param {string[]} more
 */
async function compile(project, kind, ...more) {
  const args = ['node_modules/typescript/bin/tsc', '-p', project, '--outDir', join(folder, kind), ...more]
  const [code] = await once(spawn(process.execPath, args, { stdio: 'inherit' }), 'exit')
  return code
}

async function bundle() {
  const modules = resolve(folder, 'esm')
  const joined = resolve(folder, 'joined')
  for (const [kind, paths] of Object.entries(entries)) {
    const names = paths.map((path) => path.replace(/^\.\/dist\/\w+\/|\.js$/g, ''))
    const input = Object.fromEntries(names.map((name) => [name, join(modules, `${name}.js`)]))
    const bundle = await rolldown({ input, cwd: modules, platform: 'node', external: /^[^./]/ })
    await bundle.write({
      dir: join(joined, kind),
      format: kind,
      entryFileNames: '[name].js',
      chunkFileNames: 'chunks/[name].js',
      codeSplitting: { groups },
      // Readers of the CommonJS build, such as Jest, need not be able to load ESM.
      dynamicImportInCjs: false,
      esModule: true,
    })
    await bundle.close()
  }
  for (const name of readdirSync(modules, { recursive: true })) {
    if (name.endsWith('.js')) rmSync(join(modules, name))
  }
  cpSync(joined, folder, { recursive: true })
  rmSync(joined, { recursive: true })
  writeFileSync(join(folder, 'cjs/package.json'), '{"type":"commonjs"}\n')
  chmodSync(join(folder, 'esm/src/cli/main.js'), 0o755)
}
