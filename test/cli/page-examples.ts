import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from '@jest/globals'
import { builtPackage, type Project } from '../setup/cli.js'

export interface Example {
  readonly command: string
  /** Both streams as the terminal shows them, `…` for what differs each time, and `[n]` for an exit code other than 0. */
  readonly shown: string
}

/** The lines after `$` of every console block, in the order of the page: later ones use the files of earlier ones. */
export function examplesOf(page: string): Example[] {
  const blocks = readFileSync(page, 'utf8').matchAll(/^( *)```console\n([\s\S]*?)```/gm)
  return [...blocks].flatMap(([, indent, block]) =>
    block!
      .replaceAll(new RegExp(`^${indent}`, 'gm'), '')
      .split(/^\$ /m)
      .filter((part) => part !== '')
      .map((part) => {
        const [command = '', ...shown] = part.split('\n')
        return { command, shown: shown.join('\n') }
      }),
  )
}

/** Declares a test for each example of a page, in a project that is there when they run. */
export function testExamples(page: string, made: () => Project): void {
  const examples = examplesOf(page)
  for (const { command, shown } of examples) {
    test(command.slice(0, 70), () => {
      const main = join(builtPackage(), 'dist/esm/src/cli/main.js')
      const script = `npx() { shift; '${process.execPath}' '${main}' "$@"; }\n{ ${command}\n} 2>&1`
      const env = {
        PATH: process.env.PATH,
        PASSWORD: 'correct bicycle paperclip',
        PASSPHRASE: 'seven lamps under a copper bridge',
      }
      const { status, stdout } = spawnSync('bash', ['-c', script], { cwd: made().folder, env, encoding: 'utf8' })
      const output = `${stdout}${stdout === '' || stdout.endsWith('\n') ? '' : '\n'}${status === 0 ? '' : `[${status}]\n`}`
      expect(output).toMatch(patternOf(shown))
    })
  }
}

/** A line that is `…` stands for any lines, within a line it stands for anything but a space. */
function patternOf(shown: string): RegExp {
  const literally = (text: string) => text.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&')
  const lines = shown.trimEnd().split('\n')
  const patterns = lines.map((line) => {
    if (line === '…') return '[\\s\\S]*?'
    return line.trimStart().startsWith('→ …') || line.endsWith(', …') || line.endsWith(' …')
      ? `${literally(line.slice(0, -1))}[^\\n]*\\n`
      : `${line.split('…').map(literally).join('[^ ]+?')}\\n`
  })
  return new RegExp(`^${shown === '' ? '' : patterns.join('')}$`)
}
