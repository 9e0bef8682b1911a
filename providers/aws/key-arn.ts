const ARN = /^arn:(aws[a-z-]*):kms:([a-z0-9-]+):(\d{12}):key\/((?:mrk-)?[0-9a-f-]{32,36})$/
const STORED = /^arn:(aws[a-z-]*):kms:([a-z0-9-]*):(\d{12}):key\/((?:mrk-)?[0-9a-f-]{32,36})$/

/** Whether the text is the full ARN of a key, not of an alias. */
export function isKeyArn(text: string): boolean {
  return ARN.test(text)
}

/**
 * How a KEK ref spells a key: its ARN, and without the region for a multi-Region key, whose replicas share key id and key
 * material, so that a row written in one region names the same KEK as one written in another.
 */
export function storedIdOf(keyArn: string): string {
  return keyArn.replace(ARN, (arn, partition, _region, account, keyId: string) =>
    keyId.startsWith('mrk-') ? `arn:${partition}:kms::${account}:key/${keyId}` : arn,
  )
}

/** The ARN to ask `region` for. Of a multi-Region key it is that of the replica there: another region's ARN is refused. */
export function keyArnOf(storedId: string, region: string): string {
  return storedId.replace(
    STORED,
    (_stored, partition, of: string, account, keyId) =>
      `arn:${partition}:kms:${of === '' ? region : of}:${account}:key/${keyId}`,
  )
}

/** The region that an ARN names; undefined where it is not an ARN. */
export function regionOf(text: string): string | undefined {
  return /^arn:aws[a-z-]*:kms:([a-z0-9-]+):/.exec(text)?.[1]
}
