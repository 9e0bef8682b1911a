// Required before a program by NODE_OPTIONS: writes down with which arguments processes are started and which files are
// opened for writing, the program's own process included.
const childProcess = require('node:child_process')
const fs = require('node:fs')
const { syncBuiltinESMExports } = require('node:module')

const { appendFileSync } = fs
const target = process.env.LEAKS_RECORD
const note = (where, text) => appendFileSync(target, `${JSON.stringify({ where, text })}\n`)

note('arguments', JSON.stringify([...process.execArgv, ...process.argv, process.title]))

for (const name of ['spawn', 'spawnSync', 'exec', 'execSync', 'execFile', 'execFileSync', 'fork']) {
  const start = childProcess[name]
  childProcess[name] = (...args) => {
    note('arguments of a child process', JSON.stringify(args.slice(0, 2)))
    return start(...args)
  }
}

const writes = (flags) => typeof flags === 'string' && /[wax+]/.test(flags)
const watch = (object, name, flagsOf) => {
  const open = object[name]
  object[name] = (path, ...args) => {
    if (typeof path === 'string' && path !== target && writes(flagsOf(args))) note('file', path)
    return open.call(object, path, ...args)
  }
}
for (const object of [fs, fs.promises]) {
  watch(object, 'open', ([flags]) => flags)
  for (const name of ['writeFile', 'appendFile', 'copyFile', 'rename']) watch(object, name, () => 'w')
}
for (const name of [
  'writeFileSync',
  'appendFileSync',
  'copyFileSync',
  'renameSync',
  'createWriteStream',
  'mkdtempSync',
]) {
  watch(fs, name, () => 'w')
}
watch(fs, 'openSync', ([flags]) => flags)
syncBuiltinESMExports()
