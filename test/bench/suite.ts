// Measures one suite on the Node that runs it, and prints what it found as JSON.
import { loadavg } from 'node:os'
import { suites } from './suites/index.js'

const [name = ''] = process.argv.slice(2)
const suite = suites[name]
if (!suite) throw new Error(`expected a suite (${Object.keys(suites).join(', ')}), found "${name}"`)
const load = loadavg()[0]
const figures = await suite.measure()
process.stdout.write(`${JSON.stringify({ node: process.version, openssl: process.versions.openssl, load, figures })}\n`)
// A suite may leave something open that nobody needs any more.
process.exit(0)
