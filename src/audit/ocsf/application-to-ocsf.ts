import type { ApplicationEvent } from '../application/application-event.js'
import { type Activity, type ApiActivity, apiActivity, known, PRODUCT } from './api-activity.js'

const ACTIVITIES: Readonly<Record<string, Activity>> = {
  ...{ 'credential/create': 1, 'credential/read': 2, 'credential/update': 3, 'credential/recover': 3 },
  ...{ 'credential/delete': 4, 'credential/soft-delete': 4 },
  ...{ 'access/generate': 1, 'access/unwrap': 2, 'access/use-cached': 2 },
}

/** An event of the application. What the class has no attribute for stands in `unmapped`. */
export function applicationToOcsf(event: ApplicationEvent): ApiActivity {
  const { id, occurredAt, category, action, outcome, reason, actor, entity, row, envelope, kek, detail } = event
  const operation = `${category}/${action}`
  return apiActivity({
    ...{
      activity: ACTIVITIES[operation] ?? 99,
      severity: 1,
      succeeded: outcome === 'success',
      time: occurredAt,
      operation,
    },
    metadata: {
      ...{ uid: id, log_name: 'waxseal.application_event', log_provider: 'waxseal', product: PRODUCT },
      ...{ original_time: occurredAt.toISOString(), tenant_uid: actor?.tenant },
    },
    // The class wants somebody: where nobody said who asked, it is the program.
    actor: actor ? { user: { uid: actor.actor } } : { app_name: PRODUCT.name },
    api: known({
      ...{ operation, service: { name: PRODUCT.name } },
      request: actor?.requestId === undefined ? undefined : { uid: actor.requestId },
      response: reason === undefined ? undefined : { error: reason },
    }),
    srcEndpoint: actor?.ip === undefined ? { name: 'unknown' } : { ip: actor.ip },
    further: {
      ...{ status_code: reason, status_detail: outcome === 'denied' ? outcome : undefined },
      resources: resourcesOf(event),
      unmapped: known({
        ...{ category, outcome, entity, row_key: row, envelope, kek_provider: kek?.provider },
        ...{
          purpose: actor?.purpose,
          ticket: actor?.ticket,
          detail: Object.keys(detail).length > 0 ? detail : undefined,
        },
      }),
    },
  })
}

function resourcesOf({ entity, row, envelope, kek }: ApplicationEvent): object[] | undefined {
  const credential = row ?? envelope
  const resources = [
    ...(credential === undefined ? [] : [known({ uid: credential, type: 'credential', name: entity })]),
    ...(kek ? [known({ uid: kek.id, type: 'KEK', version: kek.version || undefined })] : []),
  ]
  return resources.length > 0 ? resources : undefined
}
