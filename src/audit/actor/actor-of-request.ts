import { type Actor, withActorOf } from './actor.js'

/**
 * For Express (`app.use`), Nest (`consumer.apply(…).forRoutes('*')`, or `app.use`) and Fastify
 * (`fastify.addHook('preHandler', …)`): what a request does is done in the name of whom `resolve` returns. It is asked at each
 * use of a KEK, so that a guard which runs later may still say who it is. Undefined: nobody is known.
 */
export function actorOfRequest<Request>(
  resolve: (request: Request) => Actor | undefined,
): (request: Request, response: unknown, next: () => void) => void {
  return (request, _response, next) => withActorOf(() => resolve(request), next)
}
