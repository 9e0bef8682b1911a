/** Any right of the group and of others. */
const OTHERS = 0o077
const GROUP_READS = 0o040
const ROOT = 0

/**
 * Whether nobody but us may read a file. A Kubernetes `fsGroup` mounts secrets as `0440 root:<group>` for a process that is
 * not root, with the group made for it: there the right of the group is the only one by which we read it at all, and the
 * owner can read every file anyway. Nothing else is a reason for rights of a group.
 */
export function isPrivate({ mode, uid }: { readonly mode: number; readonly uid: number }, ourUid: number): boolean {
  const rights = mode & OTHERS
  return rights === 0 || (rights === GROUP_READS && uid === ROOT && ourUid !== ROOT)
}
