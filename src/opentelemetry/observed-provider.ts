import {
  type Attributes,
  type Histogram,
  metrics,
  type Span,
  SpanKind,
  SpanStatusCode,
  type Tracer,
  trace,
} from '@opentelemetry/api'
import type { EncryptionContext } from '../kms/context.js'
import { type ForwardedCall, ForwardingProvider } from '../kms/forwarding-provider.js'
import { assertOptions, isListOfText, type OptionRules } from '../kms/options.js'
import type { KekRef, KmsProvider } from '../kms/provider.js'
import { errorAttributes } from './error-attributes.js'
import { INSTRUMENTATION } from './instrumentation.js'

export interface ObservedProviderOptions {
  /**
   * Names of pairs of the encryption context whose values go into spans, such as `tenant`. Default: none. They are ids and
   * no secrets, and still say whose credential was used. Never in metrics, where each value would be a series of its own.
   */
  readonly contextPairs?: readonly string[]
}

const OPTIONS: OptionRules<ObservedProviderOptions> = {
  contextPairs: [isListOfText, 'be a list of names of pairs'],
}
/** Seconds. Those of the SDK are made for milliseconds: every call would fall into the first. */
const BOUNDARIES = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10]

/**
 * A span and a measurement of the histogram `waxseal.kms.duration` for each call to a KMS: how many, how long, and the code
 * of the error. Attributes are names, KEK refs, codes and the values of the pairs that are allowed; never a key, and no
 * message of an error.
 *
 * Stands inside the retry, as the ledger does: one attempt, one span, a child of the span that is active, and parent of what
 * the vendor's client reports. Register the SDK before: a MeterProvider that comes later is not found.
 */
export class ObservedProvider extends ForwardingProvider {
  readonly #contextPairs: readonly string[]
  readonly #tracer: Tracer
  readonly #duration: Histogram

  constructor(inner: KmsProvider, options: ObservedProviderOptions = {}) {
    super(inner)
    assertOptions('ObservedProvider', options, OPTIONS)
    this.#contextPairs = options.contextPairs ?? []
    this.#tracer = trace.getTracer(INSTRUMENTATION)
    this.#duration = metrics.getMeter(INSTRUMENTATION).createHistogram('waxseal.kms.duration', {
      description: 'How long a call to a KMS took',
      unit: 's',
      advice: { explicitBucketBoundaries: BOUNDARIES },
    })
  }

  protected override around<T>(call: ForwardedCall<T>): Promise<T> {
    const { operation, context, kek } = call
    const common: Attributes = { 'waxseal.provider': this.name, 'waxseal.operation': operation }
    const attributes = { ...common, ...this.#pairsOf(context), ...(kek && kekAttributes(kek)) }
    return this.#tracer.startActiveSpan(`kms ${operation}`, { kind: SpanKind.CLIENT, attributes }, async (span) => {
      const started = performance.now()
      let failure: Attributes = {}
      try {
        const result = await super.around(call)
        span.setAttributes(kekAttributes(call.kekOf(result)))
        return result
      } catch (error) {
        failure = errorAttributes(error)
        fail(span, failure)
        throw error
      } finally {
        span.end()
        this.#duration.record((performance.now() - started) / 1_000, { ...common, ...failure })
      }
    })
  }

  #pairsOf(context: EncryptionContext): Attributes {
    const allowed = this.#contextPairs.filter((name) => Object.hasOwn(context, name))
    return Object.fromEntries(allowed.map((name) => [`waxseal.context.${name}`, context[name]]))
  }
}

/** No `recordException`: it stores messages and stacks, and those of others than us may say more than a code. */
function fail(span: Span, failure: Attributes): void {
  span.setAttributes(failure)
  span.setStatus({ code: SpanStatusCode.ERROR })
}

function kekAttributes({ id, version }: KekRef): Attributes {
  return { 'waxseal.kek.id': id, 'waxseal.kek.version': version }
}
