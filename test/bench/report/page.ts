const BLOCK = /(<!-- bench: ([a-z-]+) -->\n)[\s\S]*?(<!-- \/bench -->)/g

/** The page with its measured parts replaced; what stands between them is written by hand. */
export function fillPage(page: string, blocks: Readonly<Record<string, string>>): string {
  const unused = new Set(Object.keys(blocks))
  const filled = page.replace(BLOCK, (_, start: string, name: string, end: string) => {
    const block = blocks[name]
    if (block === undefined) throw new RangeError(`the page has a place for "${name}", which was not measured`)
    unused.delete(name)
    return `${start}${block}\n${end}`
  })
  if (unused.size > 0) throw new RangeError(`the page has no place for ${[...unused].join(', ')}`)
  return filled
}
