/** One line for each mutant, on a terminal those that were found in one line that is written over. */
export class Progress {
  result = { passed: 0, failed: 0, failures: [] }
  #total
  #start = performance.now()

  constructor(total) {
    this.#total = total
  }

  say(what) {
    this.#line(`${this.#seconds()}  ${what}`, true)
  }

  report(name, problem) {
    if (problem) return this.failed(name, problem)
    this.result.passed += 1
    this.#line(`${this.#seconds()}  ${this.#place()}  found by its test: ${name}`, true)
  }

  failed(name, problem) {
    this.result.failed += 1
    this.result.failures.push(name)
    this.#line(`${this.#seconds()}  ${this.#place()}  ${name}: ${problem}`, false)
  }

  /** Whether every mutant was found. */
  finish() {
    const { passed, failed } = this.result
    this.#line(`mutants: ${passed} found by their tests, ${failed} not, in ${this.#seconds().trim()}`, false)
    return failed === 0 && passed === this.#total
  }

  #line(text, isPassing) {
    if (!process.stdout.isTTY) return process.stdout.write(`${text}\n`)
    process.stdout.write(
      `\r\u001B[K${text.slice(0, isPassing ? process.stdout.columns - 1 : undefined)}${isPassing ? '' : '\n'}`,
    )
  }

  #place() {
    const { passed, failed } = this.result
    return `${String(passed + failed).padStart(3)}/${this.#total}`
  }

  #seconds() {
    return `${((performance.now() - this.#start) / 1000).toFixed(0).padStart(4)} s`
  }
}
