// A network between the application and its database: every answer arrives 1 ms later. A process of its own, so that its
// work is not the application's. Arguments: the port of the database. Prints its own port.
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'

const ROUND_TRIP_MS = 1

const [target] = process.argv.slice(2)

const server = createServer((client) => {
  const database = connect(Number(target), '127.0.0.1').setNoDelay(true)
  client.setNoDelay(true).pipe(database)
  // Timers of one length fire in the order in which they were set, so the bytes stay in theirs.
  database.on('data', (bytes) => setTimeout(() => client.write(bytes), ROUND_TRIP_MS))
  endTogether(client, database)
})
server.listen(0, '127.0.0.1', () => console.log((server.address() as AddressInfo).port))
process.stdin.resume().on('end', () => process.exit(0))

function endTogether(...sockets: Socket[]): void {
  for (const socket of sockets) {
    socket.on('error', () => undefined).on('close', () => sockets.forEach((other) => void other.destroy()))
  }
}
