import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type Run, type RunOptions, runNode } from '../setup/cli.js'
import type { Place } from '../setup/traces.js'

const recorder = fileURLToPath(new URL('recorder.cjs', import.meta.url))

export interface ObservedRun {
  readonly run: Run
  /** Output, arguments of all processes that were started, and what is left in the folder for temporary files. */
  readonly places: readonly Place[]
  /** Files that were opened for writing, by their paths. */
  readonly written: readonly string[]
}

export async function observe(args: readonly string[], options: RunOptions): Promise<ObservedRun> {
  const folder = mkdtempSync(join(tmpdir(), 'waxseal-observed-'))
  try {
    const record = join(folder, 'record.jsonl')
    const temporary = mkdtempSync(join(folder, 'tmp-'))
    const environment = { TMPDIR: temporary, NODE_OPTIONS: `--require ${recorder}`, LEAKS_RECORD: record }
    const run = await runNode(args, { ...options, env: { ...options.env, ...environment } })
    const recorded = readFileSync(record, 'utf8').trimEnd().split('\n')
    const notes = recorded.map((line) => JSON.parse(line) as Place)
    const left = readdirSync(temporary, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile())
    return {
      run,
      places: [
        { where: 'stdout', text: run.stdout },
        { where: 'stderr', text: run.stderr },
        ...notes,
        ...left.map((file) => ({
          where: 'temporary file',
          text: readFileSync(join(file.parentPath, file.name), 'latin1'),
        })),
      ],
      written: notes.flatMap(({ where, text }) => (where === 'file' ? [text] : [])),
    }
  } finally {
    rmSync(folder, { recursive: true })
  }
}
