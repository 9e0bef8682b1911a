/** What is wrong with a mutant; undefined when its test found it. `result` is what jest says of the patched test file. */
export function problemOf(test, result) {
  const { passed, byAssertion, problem } = outcomeOf(test, result)
  if (passed) return 'SURVIVED: its test passes although the check is broken'
  return byAssertion ? undefined : problem
}

/** What became of one test of a file. `result` is undefined when jest did not run the file. */
export function outcomeOf({ file, title }, result) {
  if (!result) return { passed: false, problem: `${file} did not run: there is no such file in its project` }
  if (result.testExecError) return { passed: false, problem: `${file} could not run\n${result.failureMessage}` }
  const [found, second] = result.testResults.filter(({ fullName }) => fullName === title)
  if (!found) return { passed: false, problem: `${file} has no test "${title}"` }
  if (second) return { passed: false, problem: `${file} has several tests "${title}"` }
  // What failed after it, such as a hook that looks at what the test left behind, follows from it.
  const byAssertion = found.status === 'failed' && found.failureDetails?.[0]?.byAssertion === true
  return {
    passed: found.status === 'passed',
    byAssertion,
    problem: `its test is ${found.status}, by no assertion\n${(found.failureMessages ?? []).join('\n')}`,
  }
}
