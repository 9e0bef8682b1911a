import { spawn, spawnSync } from 'node:child_process'
import { createHash, randomUUID } from 'node:crypto'
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('../../', import.meta.url))

let found: string | undefined

/**
 * The package as users install it, built from the present sources: commands run in processes of their own. Built once for
 * each state of the sources and kept below `node_modules`, where its dependencies are found. Types go unchecked here.
 */
export function builtPackage(): string {
  // All that it is made of is read for its name: once for a test file, and not for each command that it runs.
  found ??= findOrBuild()
  return found
}

function findOrBuild(): string {
  const sources = ['src', 'providers', 'migrations'].flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.ts'))
      .map((name) => join(folder, name)),
  )
  const hash = createHash('sha256')
  for (const name of ['package.json', 'scripts/compile.js', 'tsconfig.json', 'tsconfig.cjs.json', ...sources.sort()]) {
    hash.update(`${name}\0`).update(readFileSync(join(root, name)))
  }
  const cache = join(root, 'node_modules', '.cache')
  const target = join(cache, `waxseal-build-${hash.digest('hex').slice(0, 16)}`)
  if (!existsSync(target)) build(cache, target)
  return target
}

const DAY_MS = 86_400_000

function build(cache: string, target: string): void {
  mkdirSync(cache, { recursive: true })
  const folder = mkdtempSync(join(cache, 'waxseal-building-'))
  const args = ['scripts/compile.js', join(folder, 'dist'), '--no-check']
  const { status, stdout, stderr } = spawnSync(process.execPath, args, {
    cwd: root,
    encoding: 'utf8',
    env: { PATH: process.env.PATH },
  })
  if (status !== 0) throw new Error(`the build failed:\n${stdout}${stderr}`)
  writeFileSync(join(folder, 'package.json'), readFileSync(join(root, 'package.json')))
  try {
    renameSync(folder, target)
  } catch {
    // Another worker was faster, with the same result.
    rmSync(folder, { recursive: true, force: true })
    return
  }
  for (const name of readdirSync(cache).filter((each) => each.startsWith('waxseal-build'))) {
    const other = join(cache, name)
    if (Date.now() - statSync(other).mtimeMs > DAY_MS) rmSync(other, { recursive: true, force: true })
  }
}

export interface Project {
  readonly folder: string
  write(name: string, content: string): void
  remove(): void
}

/** A user's project in a temporary folder, with the packages installed that it names. */
export function project(
  files: Readonly<Record<string, string>>,
  packages = ['@swc/core', 'pg', 'reflect-metadata', 'typeorm'],
): Project {
  const folder = mkdtempSync(join(tmpdir(), 'waxseal-project-'))
  const install = (name: string, target: string) => {
    const link = join(folder, 'node_modules', name)
    mkdirSync(dirname(link), { recursive: true })
    symlinkSync(target, link)
  }
  install('waxseal', builtPackage())
  for (const name of packages) install(name, join(root, 'node_modules', name))
  const write = (name: string, content: string) => {
    mkdirSync(dirname(join(folder, name)), { recursive: true })
    writeFileSync(join(folder, name), content)
  }
  write('package.json', '{"type":"module"}\n')
  for (const [name, content] of Object.entries(files)) write(name, content)
  return { folder, write, remove: () => rmSync(folder, { recursive: true, force: true }) }
}

export interface Run {
  readonly status: number
  readonly stdout: string
  readonly stderr: string
}

export interface RunOptions {
  readonly cwd?: string
  readonly env?: Readonly<Record<string, string>>
  readonly stdin?: string | Uint8Array
  /** For what goes on by itself: is asked to end (SIGTERM) when this resolves. */
  readonly until?: Promise<unknown>
}

/** `waxseal <args>` in a process of its own, which gets the environment that is named and no other. */
export function waxseal(args: readonly string[], options: RunOptions = {}): Promise<Run> {
  return runNode([join(builtPackage(), 'dist/esm/src/cli/main.js'), ...args], options)
}

/** The Node that runs child processes: the test's own unless another one is to be tried. */
export const node = process.execPath

export function runNode(args: readonly string[], options?: RunOptions): Promise<Run> {
  return runProgram(node, args, options)
}

export function runProgram(
  program: string,
  args: readonly string[],
  { cwd = tmpdir(), env = {}, stdin = '', until }: RunOptions = {},
): Promise<Run> {
  const child = spawn(program, args, {
    cwd,
    env: { PATH: process.env.PATH, ...env },
  })
  const read = async (stream: NodeJS.ReadableStream) => {
    const chunks: Buffer[] = []
    for await (const chunk of stream) chunks.push(chunk as Buffer)
    return Buffer.concat(chunks).toString('utf8')
  }
  // A command that fails early does not read its input.
  child.stdin.on('error', () => undefined)
  child.stdin.end(stdin)
  return new Promise((resolve, reject) => {
    const output = Promise.all([read(child.stdout), read(child.stderr)])
    until?.then(() => child.kill('SIGTERM'), reject)
    child.on('error', reject)
    child.on('close', (status) =>
      output.then(([stdout, stderr]) => resolve({ status: status ?? -1, stdout, stderr }), reject),
    )
  })
}

/** A value that occurs nowhere else, for a search of what was printed. */
export function canary(): string {
  return `canary-${randomUUID()}`
}
