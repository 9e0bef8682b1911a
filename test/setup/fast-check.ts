import fc from '../../node_modules/fast-check/lib/fast-check.js'

/*
 * What tests get as `fast-check`, by jest.config.js. In CI every run tries the same cases, so that a change is judged by what
 * it changes and not by which cases came up; everywhere else each run tries others.
 */
if (process.env.CI) fc.configureGlobal({ seed: 1 })

export * from '../../node_modules/fast-check/lib/fast-check.js'
export default fc
