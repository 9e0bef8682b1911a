const FILES = ['.env.example', 'CHANGELOG.md', 'LICENSE', 'README.md', 'package.json']
/** What the README links to, and what trails are set up by. */
const PAGE = /^(docs\/[\w/-]+\.(md|svg)|providers\/[a-z]+\/(README\.md|[a-z-]+\.tf))$/
/** Nobody requires the command line: it is there once. */
const BUILT = /^dist\/(esm|cjs(?!\/src\/cli\/))\/(src|providers|migrations)\/[a-z0-9/-]+\.(js|d\.ts)$/
const COMMAND = /^dist\/esm\/src\/cli\//
/** What entries share; the two builds divide it differently, since one has the command line. */
const CHUNK = /^dist\/(esm|cjs)\/chunks\/[a-z0-9-]+\.js$/

/** What is in the package and should not be, or the other way round. */
export function contentProblems(paths, manifest) {
  const known = (path) => {
    return [...FILES, 'dist/cjs/package.json'].includes(path) || [PAGE, BUILT, CHUNK].some((kind) => kind.test(path))
  }
  const strangers = paths.filter((path) => !known(path))
  const missing = [...FILES, ...filesNamedIn(manifest)].filter((path) => !paths.includes(path))
  const single = paths.filter((path) => BUILT.test(path) && !paths.includes(twinOf(path)) && !COMMAND.test(path))
  return [
    ...strangers.map((path) => `${path} does not belong into the package: see "files" in package.json`),
    ...missing.map((path) => `${path} is missing in the package`),
    ...single.map((path) => `${path} is in one of the two builds only`),
  ]
}

/** Every file that `bin` and `exports` promise. */
function filesNamedIn({ bin, exports }) {
  const leaves = (value) => (typeof value === 'string' ? [value] : Object.values(value).flatMap(leaves))
  return [...new Set(leaves([bin, exports]))].map((path) => path.replace(/^\.\//, ''))
}

function twinOf(path) {
  return path.startsWith('dist/esm/') ? path.replace('/esm/', '/cjs/') : path.replace('/cjs/', '/esm/')
}
