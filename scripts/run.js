import { spawn } from 'node:child_process'
import { delimiter, resolve } from 'node:path'

/** Runs a command, the project's own ones first, and gives back what it printed; rejects with that if it fails. */
export async function run(command, args, { cwd = '.', env = withOwnCommands() } = {}) {
  const child = spawn(command, args, { cwd, env: { ...env, NO_COLOR: '1', FORCE_COLOR: '0' } })
  child.stdin.end()
  let [stdout, output] = ['', '']
  child.stdout.setEncoding('utf8').on('data', (text) => {
    stdout += text
    output += text
  })
  child.stderr.setEncoding('utf8').on('data', (text) => {
    output += text
  })
  const code = await new Promise((done, fail) => child.on('error', fail).on('close', done))
  if (code !== 0) throw new Error(`${[command, ...args].join(' ')}: exit code ${code}\n${output}`)
  return stdout
}

function withOwnCommands() {
  return { ...process.env, PATH: [resolve('node_modules/.bin'), process.env.PATH].join(delimiter) }
}
