import type {
  APIGatewayEventRequestContextJWTAuthorizer,
  APIGatewayEventRequestContextV2,
  APIGatewayProxyEventV2WithRequestContext,
  APIGatewayProxyStructuredResultV2,
} from "aws-lambda";

/** What the gateway hands over: payload format 2.0; the authorizer is absent on open routes and on `$default`. */
export type HttpEvent = APIGatewayProxyEventV2WithRequestContext<
  APIGatewayEventRequestContextV2 & { readonly authorizer?: APIGatewayEventRequestContextJWTAuthorizer }
>;

export type HttpResponse = APIGatewayProxyStructuredResultV2;

/** The gateway's id of the request, which its access log shows too. */
export function requestIdOf(event: HttpEvent): string {
  return event.requestContext.requestId;
}
