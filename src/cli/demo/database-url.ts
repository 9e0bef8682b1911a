import { currentEnvironment, databaseFromEnvironment } from '../../config/environment.js'
import { ConfigurationError } from '../../errors.js'

/** `given` is that of the command line; true for the one in the environment. No error repeats it. */
export function databaseUrlOf(given: string | true): string {
  const url = given === true ? databaseFromEnvironment(currentEnvironment()) : given
  if (url === undefined) {
    throw new ConfigurationError('--database-url: expected a URL in WAXSEAL_DATABASE_URL or DATABASE_URL, found none')
  }
  if (!URL.canParse(url) || !/^postgres(ql)?:$/.test(new URL(url).protocol)) {
    throw new ConfigurationError('--database-url: expected a URL such as postgres://user@host:5432/database')
  }
  if (given !== true && holdsPassword(new URL(url))) {
    throw new ConfigurationError(
      '--database-url: found a password, which others on this machine read among the arguments and a history keeps; ' +
        'put the URL into WAXSEAL_DATABASE_URL, and give --database-url without one',
    )
  }
  return url
}

/** `pg` takes one from the query, too. */
function holdsPassword({ password, searchParams }: URL): boolean {
  return password !== '' || searchParams.has('password')
}
