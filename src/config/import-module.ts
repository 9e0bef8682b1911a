type Importer = (url: string) => Promise<Record<string, unknown>>

/**
 * `import()` in both builds. The compiler turns the expression into `require()` in the CommonJS one, which knows no URLs
 * and refuses modules with a top-level await, so it is kept out of its sight.
 */
export const importModule = new Function('url', 'return import(url)') as Importer
