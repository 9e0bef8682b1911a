/** An anonymous block. The tag is one that the body, which holds names of tables, does not contain. */
export function doBlock(body: string): string {
  let tag = '$waxseal$'
  for (let n = 1; body.includes(tag); n++) tag = `$waxseal${n}$`
  return `DO ${tag}\n${body}\n${tag}`
}
