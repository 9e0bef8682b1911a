import type { Members } from './members.js'

const TOKEN = /(?:^|[\s,])waxseal-call\/([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})(?=$|[\s,;])/i

/** Who called, from where and with what. The user agent is the caller's own word, and the token in it. */
export function callerOf(members: Members, claims: Members) {
  const objectId = claims.get('oid') ?? claims.get('objectidentifier')
  // As tokens of either version call it.
  const application = claims.get('appid') ?? claims.get('azp')
  const name = claims.get('upn') ?? claims.get('unique_name') ?? claims.get('name')
  // Of a managed identity: the resource that it belongs to.
  const resource = claims.get('xms_mirid') ?? claims.get('xms_az_rid')
  const userAgent = members.get('clientinfo')
  return {
    principal: objectId ?? application ?? name ?? resource ?? members.get('caller'),
    principalType: typeOf(claims),
    principalName: name ?? resource,
    credentialId: application,
    source: members.get('calleripaddress'),
    userAgent,
    callToken: TOKEN.exec(userAgent ?? '')?.[1]?.toLowerCase(),
  }
}

/** Tokens of users have a scope, those of applications none. */
function typeOf(claims: Members): string | undefined {
  const type = claims.get('idtyp')
  if (type !== undefined || claims.size === 0) return type
  if (claims.has('scp') || claims.has('scope') || claims.has('upn') || claims.has('unique_name')) return 'user'
  return claims.has('appid') || claims.has('azp') ? 'app' : undefined
}
