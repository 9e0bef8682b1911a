import { type LoggerOptions, pino, stdSerializers } from 'pino'
import type { Surface } from '../surface.js'

const SET_UPS: Readonly<Record<string, LoggerOptions>> = {
  pino: {},
  'pino with serialisers': {
    serializers: { err: stdSerializers.err, error: stdSerializers.errWithCause, value: (value) => ({ ...value }) },
  },
}

export function pinoLoggers(): Surface {
  const loggers = Object.entries(SET_UPS).map(([where, options]) => {
    const lines: string[] = []
    return { where, lines, logger: pino(options, { write: (line) => lines.push(line) }) }
  })
  return {
    show(outcome) {
      for (const { logger } of loggers) {
        logger.error(outcome)
        logger.error({ err: outcome, error: outcome, value: outcome }, 'an operation ended')
        logger.error({}, 'it ended with %o', outcome as object)
        logger.child({ outcome }).error('an operation ended')
      }
    },
    places: () => loggers.map(({ where, lines }) => ({ where, text: lines.join('') })),
  }
}
