// `npm run check`: all that can be said about the code and the package without running the tests.
// `--summary FILE` also writes the counts, for .ci/run.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pack } from './pack.js'
import { contentProblems } from './package-contents.js'
import { run } from './run.js'
import { checkWithoutPeers } from './without-peers.js'

// Outside of the project, so that an application in it does not find the project's own packages.
const folder = mkdtempSync(join(tmpdir(), 'waxseal-check-'))
let [built, packed] = [false, '']

const steps = [
  ['biome', () => run('biome', ['check', '--error-on-warnings', '--diagnostic-level=warn'])],
  ['types', () => run('tsc', ['-p', 'tsconfig.json', '--noEmit'])],
  ['types of the tests', () => run('tsc', ['-p', 'tsconfig.test.json'])],
  ['build', build],
  ['docs are up to date', () => run(process.execPath, ['scripts/docs.js', '--check'])],
  ['package', packBuilt],
  ['publint', () => run('publint', ['run', tarball(), '--strict'])],
  ['arethetypeswrong', () => run('attw', [tarball(), '--profile', 'node16', '--no-emoji'])],
  ['application without peers', () => checkWithoutPeers(tarball(), mkdtempSync(join(folder, 'application-')))],
]

const failures = []
try {
  for (const [name, check] of steps) {
    const start = performance.now()
    const problem = await problemOf(check)
    const seconds = ((performance.now() - start) / 1000).toFixed(1)
    process.stdout.write(`${problem ? 'failed' : 'ok    '}  ${name.padEnd(26)} ${seconds.padStart(5)} s\n`)
    if (!problem) continue
    failures.push(name)
    process.stdout.write(`\n${problem.message.trimEnd()}\n\n`)
  }
} finally {
  rmSync(folder, { recursive: true, force: true })
}

const report = { passed: steps.length - failures.length, failed: failures.length, failures }
const summary = process.argv.indexOf('--summary')
if (summary > 0) writeFileSync(process.argv[summary + 1], JSON.stringify(report))
process.exitCode = failures.length === 0 ? 0 : 1

async function problemOf(check) {
  try {
    await check()
    return undefined
  } catch (error) {
    return error
  }
}

async function build() {
  await run(process.execPath, ['scripts/build.js'])
  built = true
}

async function packBuilt() {
  if (!built) throw new Error('not run: the build failed')
  const { tarball, paths } = await pack(folder)
  const problems = contentProblems(paths, JSON.parse(readFileSync('package.json', 'utf8')))
  if (problems.length > 0) throw new Error(problems.join('\n'))
  packed = tarball
}

function tarball() {
  if (packed === '') throw new Error('not run: there is no package to look at')
  return packed
}
