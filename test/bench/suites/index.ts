import type { Figure } from '../harness/figure.js'
import { crypto } from './crypto.js'

export const suites: Readonly<Record<string, () => Promise<Figure[]>>> = { crypto }
