import { join } from 'node:path'
import { run } from './run.js'

/** Packs what was built. Gives the tarball, and the paths of the files in it. */
export async function pack(folder) {
  const args = ['pack', '--json', '--ignore-scripts', '--pack-destination', folder]
  const [{ filename, files }] = JSON.parse(await run('npm', args))
  return { tarball: join(folder, filename), paths: files.map(({ path }) => path) }
}
