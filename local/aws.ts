import { readFileSync } from "node:fs";
import { Agent } from "node:https";

/** How to reach the laptop's AWS as its operator. */
export interface LaptopAws {
  readonly endpoint: string;
  readonly region: string;
  /** PEM file to trust for `endpoint`. */
  readonly caFile: string;
  readonly credentials: { readonly accessKeyId: string; readonly secretAccessKey: string };
}

/** Settings for any client of the AWS SDK. */
export function clientConfig(aws: LaptopAws) {
  return {
    endpoint: aws.endpoint,
    region: aws.region,
    credentials: aws.credentials,
    requestHandler: { httpsAgent: new Agent({ keepAlive: true, ca: readFileSync(aws.caFile) }) },
  };
}
