/** Whether the process says of itself that it serves customers: the one word of the environment that is read here. */
export function isProduction(): boolean {
  return process.env['NODE_ENV'] === 'production'
}
