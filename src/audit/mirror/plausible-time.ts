/** Before the first KMS in a cloud, and later than anybody will mirror: such a time is a mistake, and would make a partition. */
const [EARLIEST, LATEST] = [Date.UTC(2006, 0), Date.UTC(2100, 0)]

export function isPlausible(date: Date): boolean {
  return date.getTime() >= EARLIEST && date.getTime() < LATEST
}
