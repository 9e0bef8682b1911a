import { AsyncLocalStorage } from 'node:async_hooks'
import { type Context, type ContextManager, context, metrics, ROOT_CONTEXT, trace } from '@opentelemetry/api'
import {
  AggregationTemporality,
  InMemoryMetricExporter,
  MeterProvider,
  type MetricData,
  PeriodicExportingMetricReader,
} from '@opentelemetry/sdk-metrics'
import { BasicTracerProvider, InMemorySpanExporter, SimpleSpanProcessor } from '@opentelemetry/sdk-trace-base'

/** As the SDK for Node has it: the active span follows what is awaited. */
class AsyncContext implements ContextManager {
  readonly #storage = new AsyncLocalStorage<Context>()
  active = () => this.#storage.getStore() ?? ROOT_CONTEXT
  with: ContextManager['with'] = (active, call, self, ...args) =>
    this.#storage.run(active, () => call.apply(self as never, args))
  bind: ContextManager['bind'] = (_, target) => target
  enable = () => this
  disable = () => this
}

/** The real SDK, registered for the whole process as an application does, with exporters that keep what they are given. */
export function registerSdk() {
  const spans = new InMemorySpanExporter()
  const exporter = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE)
  const tracing = new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(spans)] })
  const reader = new PeriodicExportingMetricReader({ exporter, exportIntervalMillis: 2 ** 30 })
  const measuring = new MeterProvider({ readers: [reader] })
  context.setGlobalContextManager(new AsyncContext())
  trace.setGlobalTracerProvider(tracing)
  metrics.setGlobalMeterProvider(measuring)
  return {
    spans: () => spans.getFinishedSpans(),
    /** What the instruments say now, by the name of each. */
    async metrics(): Promise<Record<string, MetricData>> {
      exporter.reset()
      await reader.forceFlush()
      const scopes = exporter.getMetrics().flatMap(({ scopeMetrics }) => scopeMetrics)
      return Object.fromEntries(scopes.flatMap(({ metrics: all }) => all.map((each) => [each.descriptor.name, each])))
    },
    reset: () => spans.reset(),
    async shutdown(): Promise<void> {
      for (const each of [context, trace, metrics]) each.disable()
      await Promise.all([tracing.shutdown(), measuring.shutdown()])
    },
  }
}
