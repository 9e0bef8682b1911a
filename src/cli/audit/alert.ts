import { resolve } from 'node:path'
import { type Delivery, deliverAlerts } from '../../audit/alerts/deliver-alerts.js'
import { webhookKey } from '../../audit/alerts/sign-webhook.js'
import { alertSecretFromEnvironment, currentEnvironment } from '../../config/environment.js'
import type { LoadedConfiguration } from '../../config/load-configuration.js'
import { ConfigurationError } from '../../errors.js'
import { readPrivateFile } from '../../kms/private-file.js'
import type { Queryable } from '../../postgres/queryable.js'
import { tell } from '../terminal.js'

/** Tells the webhook of the configuration, if there is one, and says where it does not answer. */
export async function alert(
  client: Queryable,
  { source, folder, audit }: LoadedConfiguration,
  signal: AbortSignal,
): Promise<readonly Delivery[]> {
  const alerts = audit?.alerts
  if (!alerts) return []
  const secret = alerts.secretFile
    ? await readPrivateFile('audit.alerts', 'secretFile', resolve(folder, alerts.secretFile))
    : alertSecretFromEnvironment(currentEnvironment())
  if (secret === undefined) {
    throw new ConfigurationError(`${source}: expected audit.alerts.secretFile or WAXSEAL_ALERT_SECRET, found neither`)
  }
  const webhook = { url: alerts.url, key: webhookKey(secret) }
  const deliveries = await deliverAlerts(client, webhook, alerts.minimum, { signal })
  for (const { alert: finding, delivered, answer } of deliveries) {
    if (!delivered)
      tell(`waxseal: the webhook did not take finding ${finding.id} (${answer}); the next pass tries again`)
  }
  return deliveries
}
