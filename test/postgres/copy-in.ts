import type pg from 'pg'

/** `COPY … FROM STDIN` of one row. `pg` speaks the protocol and leaves the statement to its user. */
export function copyIn(client: pg.Client, target: string, row: readonly unknown[]): Promise<void> {
  const line = `${row.map(copyText).join('\t')}\n`
  return new Promise((resolve, reject) => {
    client.query({
      submit: (connection: any) => connection.query(`COPY ${target} FROM STDIN`),
      handleCopyInResponse(connection: any) {
        connection.sendCopyFromChunk(Buffer.from(line))
        connection.endCopyFrom()
      },
      handleCommandComplete: () => undefined,
      handleError: reject,
      handleReadyForQuery: () => resolve(),
    } as unknown as pg.Submittable)
  })
}

function copyText(value: unknown): string {
  if (value === null) return '\\N'
  if (Buffer.isBuffer(value)) return `\\\\x${value.toString('hex')}`
  const text = typeof value === 'object' ? JSON.stringify(value) : String(value)
  return text.replaceAll('\\', '\\\\')
}
