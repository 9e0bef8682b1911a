import { existsSync, readFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import swc from '@swc/jest'

/** Compiles as jest.config.js does, and takes a file from the folder `patched` where that has one of the same path. */
export default {
  createTransformer({ patched, compiler }) {
    const { process, processAsync, getCacheKey } = swc.createTransformer(compiler)
    const textOf = (text, file, { config }) => {
      const instead = patched && join(patched, relative(config.rootDir, file))
      return instead && existsSync(instead) ? readFileSync(instead, 'utf8') : text
    }
    return {
      process: (text, file, options) => process(textOf(text, file, options), file, options),
      processAsync: (text, file, options) => processAsync(textOf(text, file, options), file, options),
      // The configuration names the mutant: without it they share what is the same in all.
      getCacheKey: (text, file, options) =>
        getCacheKey(textOf(text, file, options), file, { ...options, configString: '' }),
    }
  },
}
