import type { Logger } from "@aws-lambda-powertools/logger";
import { injectLambdaContext } from "@aws-lambda-powertools/logger/middleware";
import middy from "@middy/core";
import httpHeaderNormalizer from "@middy/http-header-normalizer";
import type { ScheduledEvent, SQSBatchResponse, SQSEvent, SQSRecord } from "aws-lambda";
import { problemResponse } from "./http/answer.ts";
import { type HttpEvent, type HttpResponse, requestIdOf } from "./http/event.ts";

/** Time kept back from a function's limit, so that its caller still gets a problem document instead of the gateway's. */
const reservedMilliseconds = 500;

/** Never the event: it carries bodies and authorization headers. */
const logContext = { logEvent: false, resetKeys: true };

/**
 * The pipe of functions behind the gateway. Every answer carries `X-Request-Id`, which every log line carries too; what
 * `respond` throws is logged with its stack and answered as a problem document that tells nothing of it.
 */
export function httpPipe(logger: Logger, respond: (event: HttpEvent) => Promise<HttpResponse>) {
  return middy<HttpEvent, HttpResponse>({ timeoutEarlyInMillis: reservedMilliseconds })
    .use(injectLambdaContext(logger, logContext))
    .use(httpHeaderNormalizer())
    .use(identify(logger))
    .use(answerFaults(logger))
    .handler(respond);
}

function identify(logger: Logger): middy.MiddlewareObj<HttpEvent, HttpResponse> {
  const label = ({ event, response }: middy.Request<HttpEvent, HttpResponse>) => {
    if (!response) return;
    response.headers = { ...response.headers, "X-Request-Id": requestIdOf(event) };
    logger.info("answered", { status: response.statusCode });
  };
  return {
    before: ({ event }) => logger.appendKeys({ requestId: requestIdOf(event), route: event.routeKey }),
    after: label,
    onError: label,
  };
}

function answerFaults(logger: Logger): middy.MiddlewareObj<HttpEvent, HttpResponse> {
  return {
    onError: (request) => {
      logger.error("The request failed.", { error: request.error });
      request.response = problemResponse({ code: "internal_error" }, requestIdOf(request.event), Date.now());
    },
  };
}

/**
 * The pipe of functions behind a queue. Records are processed at once; one that throws fails alone and is delivered again
 * until its queue gives it up to the dead letters. A fault outside of a record fails the whole batch.
 */
export function queuePipe(logger: Logger, process: (record: SQSRecord) => Promise<void>) {
  return middy<SQSEvent, SQSBatchResponse>()
    .use(injectLambdaContext(logger, logContext))
    .handler(async ({ Records }): Promise<SQSBatchResponse> => {
      const failures = await Promise.all(
        Records.map(async (record) => {
          try {
            await process(record);
            return [];
          } catch (error) {
            const { messageId } = record;
            const received = record.attributes.ApproximateReceiveCount;
            logger.error("The message failed.", { messageId, received, error: asError(error) });
            return [{ itemIdentifier: messageId }];
          }
        }),
      );
      return { batchItemFailures: failures.flat() };
    });
}

/** The pipe of functions on a schedule. A throw fails the invocation, which an alarm watches. */
export function schedulePipe(logger: Logger, run: () => Promise<void>) {
  return middy<ScheduledEvent, void>()
    .use(injectLambdaContext(logger, logContext))
    .handler(async () => {
      await run();
    });
}

/** What was thrown, as the error that the logger prints with its stack. */
export function asError(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(String(thrown));
}
