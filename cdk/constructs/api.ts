import { RemovalPolicy } from "aws-cdk-lib";
import { AccessLogFormat } from "aws-cdk-lib/aws-apigateway";
import { CorsHttpMethod, HttpApi, HttpMethod, HttpStage, LogGroupLogDestination } from "aws-cdk-lib/aws-apigatewayv2";
import { HttpJwtAuthorizer } from "aws-cdk-lib/aws-apigatewayv2-authorizers";
import { HttpLambdaIntegration } from "aws-cdk-lib/aws-apigatewayv2-integrations";
import type { IFunction } from "aws-cdk-lib/aws-lambda";
import { LogGroup } from "aws-cdk-lib/aws-logs";
import { Construct } from "constructs";
import { routes } from "../../shared/api/routes.ts";
import type { StageConfig } from "../config.ts";
import { explain } from "./acknowledgement.ts";
import type { Deployment } from "./deployment.ts";

interface ApiProps {
  readonly deployment: Deployment;
  readonly config: Pick<StageConfig, "issuer" | "audience" | "corsOrigins" | "throttle">;
  readonly functions: { readonly api: IFunction; readonly access: IFunction };
}

/** The HTTP API: the table of routes, each with its scope, in front of the functions that serve them. */
export class Api extends Construct {
  readonly api: HttpApi;

  constructor(scope: Construct, id: string, { deployment, config, functions }: ApiProps) {
    super(scope, id);
    // One permission per function, not per route: the API is the product's own.
    const scopedToApi = { scopePermissionToRoute: false };
    const integrations = {
      api: new HttpLambdaIntegration("Api", functions.api, scopedToApi),
      access: new HttpLambdaIntegration("Access", functions.access, scopedToApi),
    };
    this.api = new HttpApi(this, "Http", {
      apiName: deployment.id,
      description: "Kubernetes clusters on tap",
      createDefaultStage: false,
      // What matches no route still gets a problem document of ours.
      defaultIntegration: integrations.api,
      ...(config.corsOrigins.length > 0 && {
        corsPreflight: {
          allowOrigins: [...config.corsOrigins],
          allowMethods: [CorsHttpMethod.ANY],
          allowHeaders: ["authorization", "content-type", "idempotency-key", "if-match"],
          exposeHeaders: ["etag", "location", "retry-after", "x-request-id"],
        },
      }),
    });
    const authorizer = new HttpJwtAuthorizer("Jwt", config.issuer, { jwtAudience: [config.audience] });
    for (const route of Object.values(routes)) {
      const [added] = this.api.addRoutes({
        path: route.path,
        methods: [HttpMethod[route.method]],
        integration: integrations[route.function],
        ...(route.scope && { authorizer, authorizationScopes: [route.scope] }),
      });
      if (added && !route.scope) explain(added, "AwsSolutions-APIG4", "Health and the contract are for anybody.");
    }
    explain(this.api, "AwsSolutions-APIG4", "The default route serves nothing but problem documents.");

    const accessLogs = new LogGroup(this, "AccessLogs", {
      retention: deployment.logRetention,
      removalPolicy: RemovalPolicy.DESTROY,
    });
    new HttpStage(this, "Stage", {
      httpApi: this.api,
      autoDeploy: true,
      throttle: { rateLimit: config.throttle.requestsPerSecond, burstLimit: config.throttle.burst },
      accessLogSettings: {
        destination: new LogGroupLogDestination(accessLogs),
        // The path's ids, but neither headers nor query: they may carry tokens.
        format: AccessLogFormat.custom(
          JSON.stringify({
            requestId: "$context.requestId",
            time: "$context.requestTimeEpoch",
            route: "$context.routeKey",
            path: "$context.path",
            status: "$context.status",
            latency: "$context.responseLatency",
            integrationError: "$context.integrationErrorMessage",
            authorizerError: "$context.authorizer.error",
          }),
        ),
      },
    });
  }

  get url(): string {
    return this.api.apiEndpoint;
  }
}
