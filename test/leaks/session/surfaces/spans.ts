import { createRequire } from 'node:module'
import { context, trace } from '@opentelemetry/api'
import { PgInstrumentation } from '@opentelemetry/instrumentation-pg'
import { TypeormInstrumentation } from '@opentelemetry/instrumentation-typeorm'
import { BasicTracerProvider, InMemorySpanExporter, SimpleSpanProcessor } from '@opentelemetry/sdk-trace-base'
import type { Surface } from '../surface.js'

const exporter = new InMemorySpanExporter()
trace.setGlobalTracerProvider(new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] }))
const instrumentations = [
  // With the parameters of statements, which it leaves out by itself.
  new PgInstrumentation({ enhancedDatabaseReporting: true }),
  new TypeormInstrumentation({ enhancedDatabaseReporting: true, enableInternalInstrumentation: true }),
]
for (const each of instrumentations) each.enable()
// They see what is required from here on; the import of an ES module they do not see.
const require = createRequire(import.meta.url)
for (const name of ['pg', 'typeorm']) require(name)

/** Everything in the spans of an application that traces `pg` and TypeORM. Imported before either. */
export function spans(): Surface {
  const tracer = trace.getTracer('application')
  return {
    show(outcome) {
      // What an application does with an error in a span of its own.
      const span = tracer.startSpan('operation', {}, context.active())
      if (outcome instanceof Error) span.recordException(outcome)
      else span.setAttribute('outcome', String(JSON.stringify(outcome)))
      span.end()
    },
    places: () =>
      ['pg', 'typeorm', 'application'].map((library) => {
        const own = exporter.getFinishedSpans().filter(({ instrumentationScope: { name } }) => name.endsWith(library))
        const text = own.map(({ name, attributes, events, status }) =>
          JSON.stringify({ name, attributes, events, status }),
        )
        return { where: `spans of ${library}`, text: text.join('\n') }
      }),
  }
}
