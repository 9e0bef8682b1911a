import { ConfigurationError } from '../../src/errors.js'
import type { AccessRole, PolicyDocument, PolicyRequest } from '../../src/kms/access.js'
import { isKeyName } from './key-name.js'
import { NEEDS } from './permissions.js'

export const GCP_POLICY_FORMATS = ['gcloud'] as const

const PRINCIPAL = 'serviceAccount:NAME@PROJECT.iam.gserviceaccount.com'

/** gcloud commands that give the role, on the key alone. */
export function gcpPolicy({ role, key, entities, principal = PRINCIPAL }: PolicyRequest): PolicyDocument[] {
  if (!isKeyName(key)) {
    throw new ConfigurationError(
      `provider "gcp": a policy names a key by its name (projects/…/locations/…/keyRings/…/cryptoKeys/…), found "${key}"; ` +
        '"gcloud kms keys list" prints it',
    )
  }
  if (entities.length > 0) {
    throw new ConfigurationError(
      'provider "gcp": IAM does not see what a wrap is bound to; expected no entities: give those that must be kept apart a key each',
    )
  }
  const [, project = '', , location = '', , ring = '', , name = ''] = key.split('/')
  const member = `--member=${quoted(principal)}`
  const bind = (granted: string) =>
    `gcloud kms keys add-iam-policy-binding ${name} --keyring=${ring} --location=${location} --project=${project} ` +
    `${member} --role=${granted}\n`
  // The one role whose permissions on a key are those of a predefined one; beside it that has nothing a key has.
  if (role === 'reader') {
    return [{ title: 'the reader, on the key', text: bind('roles/cloudkms.cryptoKeyDecrypter') }]
  }
  const custom = customRole(role)
  return [
    {
      title: `a role of your own for the ${role}: the predefined ones lack the look-up of the primary version, or have more`,
      text:
        `gcloud iam roles create ${custom} --project=${project} --title="waxseal ${role}" --stage=GA ` +
        `--permissions=${NEEDS[role].join(',')}\n`,
    },
    { title: `the ${role}, on the key`, text: bind(`projects/${project}/roles/${custom}`) },
    ...(role === 'auditor' ? [auditTrail(project, member), whoMay(project, member)] : []),
  ]
}

/** Uses of keys are in the data access logs, which are private ones. */
function auditTrail(project: string, member: string): PolicyDocument {
  return {
    title: 'the audit trail: of all services in the project, which cannot be narrowed here',
    text: `gcloud projects add-iam-policy-binding ${project} ${member} --role=roles/logging.privateLogViewer --condition=None\n`,
  }
}

/** Without it `waxseal audit access` says of each list that it is not complete. */
function whoMay(project: string, member: string): PolicyDocument {
  return {
    title:
      'who may use the key, and what is logged: policies and roles of the project; bind it on the organisation to see what is given there',
    text: `gcloud projects add-iam-policy-binding ${project} ${member} --role=roles/iam.securityReviewer --condition=None\n`,
  }
}

function customRole(role: AccessRole): string {
  return `waxseal${role.charAt(0).toUpperCase()}${role.slice(1)}`
}

/** For a shell. */
function quoted(text: string): string {
  return `'${text.replaceAll("'", String.raw`'\''`)}'`
}
