/** The name of the tracer and of the meter. */
export const INSTRUMENTATION = 'waxseal'
