import type * as z from "zod/mini";
import type { ApiRefusal } from "../../shared/api/problem.ts";
import type { OperationId, routes } from "../../shared/api/routes.ts";
import type { requests } from "../../shared/api/schemas.ts";
import type { Result } from "../../shared/domain/result.ts";
import type { Answer } from "./answer.ts";
import type { Caller } from "./caller.ts";

type Routes = typeof routes;
type Requests = { readonly [Id in OperationId]: ReturnType<(typeof requests)[Id]> };

export type FunctionName = Routes[OperationId]["function"];

/** A request of one operation, parsed; `caller` is absent where anybody may ask. */
export interface OperationRequest<Id extends OperationId> {
  readonly caller: Routes[Id]["scope"] extends null ? undefined : Caller;
  readonly path: z.output<Requests[Id]["path"]>;
  readonly headers: z.output<Requests[Id]["headers"]>;
  readonly query: z.output<Requests[Id]["query"]>;
  readonly body: z.output<Requests[Id]["body"]>;
}

export type Operation<Id extends OperationId> = (request: OperationRequest<Id>) => Promise<Result<Answer, ApiRefusal>>;

/** An implementation for each operation that the route table gives to a function. */
export type OperationsOf<Name extends FunctionName> = {
  readonly [Id in OperationId as Routes[Id]["function"] extends Name ? Id : never]: Operation<Id>;
};

/** An operation whose id is known at run time only. */
export type AnyOperation = (
  request: {
    readonly [Part in keyof OperationRequest<OperationId>]: unknown;
  },
) => Promise<Result<Answer, ApiRefusal>>;
