/** What `run` writes to standard output and standard error, which get none of it. */
export function printedBy(run: () => unknown): string {
  let text = ''
  const streams = [process.stdout, process.stderr]
  const writes = streams.map(({ write }) => write)
  for (const stream of streams) {
    stream.write = (chunk: string | Uint8Array) => {
      text += typeof chunk === 'string' ? chunk : Buffer.from(chunk).toString('latin1')
      return true
    }
  }
  try {
    run()
    return text
  } finally {
    streams.forEach((stream, index) => {
      stream.write = writes[index]!
    })
  }
}
