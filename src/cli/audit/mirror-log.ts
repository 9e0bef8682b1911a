import { escaped } from '../../audit/escaped.js'
import type { PassResult } from '../../audit/mirror/make-pass.js'
import type { MirrorEvent } from '../../audit/mirror/mirror.js'
import { describeSource, type TrailSource } from '../../audit/mirror/trail-source.js'
import { failureOf } from '../failure.js'
import { tell } from '../terminal.js'
import { PassProgress } from './pass-progress.js'

type SourceEvent = Exclude<MirrorEvent, { readonly type: 'trouble' }>

/** A bar for each pass, whose whole is the time that it goes through, then a line. */
export function passLog(): (event: MirrorEvent) => void {
  let progress: PassProgress | undefined
  const say = (line: string) => {
    progress?.end()
    progress = undefined
    tell(line)
  }
  return (event) => {
    if (event.type === 'start') progress = new PassProgress(escaped(describeSource(event.source)), event)
    else if (event.type === 'batch') progress?.advance(event)
    else for (const line of linesOf(event)) say(line)
  }
}

/**
 * Sources are mirrored side by side, so a line for each batch. There is a pass every few seconds: one that brings nothing, as the
 * one before it of its source, is not told.
 */
export function followLog(say: (line: string) => void = tell): (event: MirrorEvent) => void {
  const quiet = new Map<string, string>()
  return (event) => {
    if (event.type === 'pass') {
      const { id } = event.source
      const before = quiet.get(id)
      const state = isQuiet(event.result) ? event.result.state : ''
      quiet.set(id, state)
      if (state !== '' && state === before) return
    }
    for (const line of linesOf(event)) say(line)
  }
}

function isQuiet({ state, counts }: PassResult): boolean {
  return state === 'elsewhere' || (state === 'ok' && counts.stored + counts.quarantined === 0)
}

function linesOf(event: MirrorEvent): string[] {
  if (event.type === 'trouble') return [`${failureOf(event.error).message}; tries again`]
  return factsOf(event).map((fact) => escaped(`${describeSource(event.source satisfies TrailSource)}: ${fact}`))
}

function factsOf(event: SourceEvent): string[] {
  if (event.type === 'start') return []
  if (event.type === 'posture') {
    return event.posture.checks
      .filter(({ state }) => state !== 'ok')
      .map(({ id, state, evidence, remedy }) => `${id} ${state}: ${evidence}${remedy ? `; ${remedy}` : ''}`)
  }
  if (event.type === 'batch') {
    const { stored, quarantined } = event.counts
    return stored + quarantined > 0 ? [`${stored} events stored …`] : []
  }
  const { state, reason, counts } = event.result
  if (state === 'elsewhere') return ['another process mirrors it, or did so until less than two minutes ago']
  const put = counts.quarantined > 0 ? `, ${counts.quarantined} not understood` : ''
  const found = `${counts.stored} new events, ${counts.repeated} known${put}; ${lagLine(event.lagMs)}`
  return [state === 'ok' ? found : `${state}: ${reason}; ${found}`]
}

function lagLine(lagMs: number | null): string {
  if (lagMs === null) return 'nothing is covered yet'
  return `covered up to ${Math.round(lagMs / 1_000).toLocaleString('en')} s ago`
}
