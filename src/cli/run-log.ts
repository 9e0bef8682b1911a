import type { RunEvent } from '../jobs/index.js'
import { Progress, standardError } from './progress.js'
import { tell } from './terminal.js'

/** What a run tells, for whoever waits for it: a bar on a terminal, lines elsewhere, and with `json` one object a line. */
export function runLog(json: boolean): (event: RunEvent) => void {
  return json ? (event) => process.stdout.write(`${JSON.stringify(plain(event))}\n`) : describe()
}

function describe(): (event: RunEvent) => void {
  const screen = standardError()
  let progress: Progress | undefined
  const say = (line: string) => {
    progress?.end()
    progress = undefined
    tell(line)
  }
  return (event) => {
    if (event.type === 'started') {
      const { kind, table, id } = event.run
      say(`${kind} of ${table}: run ${id}${event.resumed ? ', which is open, goes on' : ''}`)
    } else if (event.type === 'pass') {
      const again = event.pass === 1 ? '' : ` again, for what came meanwhile (pass ${event.pass})`
      say(`${event.sets} of its sets of KEKs to go through${again}`)
      progress = new Progress(screen, event.estimatedRows)
    } else if (event.type === 'batch') {
      progress?.advance(event.rows)
    } else if (event.type === 'takenOver') {
      say('takes over the rows of a process that is gone')
    } else if (event.type === 'ended') {
      progress?.end()
      progress = undefined
    }
  }
}

/** Failures as what they are told to be in the database: an error holds more than may be printed. */
function plain(event: RunEvent): object {
  if (event.type !== 'batch') return event
  const { failures, ...outcome } = event.outcome
  return { type: 'batch', rows: event.rows, ...outcome, failed: failures.length }
}
