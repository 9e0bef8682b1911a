/**
 * What version 1.4.0 of the schema knows of the class API Activity, as far as it is used here: by the attribute, its type, or
 * the attributes of its object. `raw_data_size` (1.5.0) and `raw_data_hash` (1.6.0) came later. Written by hand from the
 * published schema.
 */
export type Schema = { readonly [attribute: string]: string | Schema | readonly [Schema] }

export const REQUIRED = [
  ...['activity_id', 'category_uid', 'class_uid', 'severity_id', 'type_uid', 'time', 'metadata'],
  ...['actor', 'api', 'src_endpoint'],
]

/** Of each object, of which one has to be there. */
export const ONE_OF: Readonly<Record<string, readonly string[]>> = {
  actor: ['process', 'user', 'invoked_by', 'session', 'app_name', 'app_uid'],
  'actor.user': ['account', 'name', 'uid'],
  src_endpoint: [
    ...['ip', 'uid', 'name', 'hostname', 'svc_name', 'instance_uid', 'interface_uid', 'interface_name', 'domain'],
  ],
}

export const REQUIRED_OF: Readonly<Record<string, readonly string[]>> = {
  metadata: ['version', 'product'],
  api: ['operation'],
  'api.request': ['uid'],
  cloud: ['provider'],
  'enrichments[]': ['name', 'value', 'data'],
}

const entity = { name: 'string', uid: 'string' }

export const API_ACTIVITY: Schema = {
  ...{ activity_id: 'number', activity_name: 'string', category_uid: 'number', category_name: 'string' },
  ...{ class_uid: 'number', class_name: 'string', type_uid: 'number', type_name: 'string' },
  ...{ severity_id: 'number', severity: 'string', status_id: 'number', status: 'string' },
  ...{ status_code: 'string', status_detail: 'string', time: 'number', message: 'string', raw_data: 'string' },
  metadata: {
    ...{ version: 'string', uid: 'string', log_name: 'string', log_provider: 'string', logged_time: 'number' },
    ...{ original_time: 'string', correlation_uid: 'string', tenant_uid: 'string', profiles: 'list of string' },
    product: { ...entity, vendor_name: 'string', version: 'string' },
  },
  actor: {
    ...{ app_name: 'string', app_uid: 'string' },
    user: { ...entity, type: 'string', credential_uid: 'string' },
  },
  api: {
    operation: 'string',
    service: { ...entity, version: 'string' },
    request: { uid: 'string' },
    response: { error: 'string', error_message: 'string', code: 'number', message: 'string' },
  },
  src_endpoint: { ...entity, ip: 'string', domain: 'string', svc_name: 'string' },
  cloud: { provider: 'string', region: 'string', project_uid: 'string', account: entity },
  http_request: { user_agent: 'string' },
  resources: [{ ...entity, type: 'string', version: 'string' }],
  enrichments: [{ name: 'string', value: 'string', data: 'anything' }],
  unmapped: 'anything',
}
