// Prints the ratios of the regression gate, as measured in this process.
import { gateRatios } from './suites/gate.js'

process.stdout.write(JSON.stringify(await gateRatios()))
process.exit(0)
