import type { IncomingHttpHeaders } from "node:http";
import { isObject, type JsonObject } from "../json.ts";
import { InvalidFault, readFault } from "./fault-request.ts";
import type { FaultRegister } from "./register.ts";

export interface FaultsAnswer {
  readonly status: number;
  readonly body: JsonObject;
}

/** Whether the path is of the fault interface, not of the EKS API. */
export function isAboutFaults(path: string): boolean {
  return path === "/faults" || path.startsWith("/faults/");
}

/**
 * The fault interface: `GET /faults`, `POST /faults`, `DELETE /faults/{id}`, `DELETE /faults`. It asks for no
 * credentials, since it answers to this machine only; web pages are kept out.
 */
export function answerAboutFaults(
  faults: FaultRegister,
  method: string,
  path: string,
  headers: IncomingHttpHeaders,
  body: Buffer,
): FaultsAnswer {
  const isLocal = /^(127\.0\.0\.1|localhost)(:\d+)?$/.test(headers.host ?? "");
  if (!isLocal || headers.origin !== undefined) {
    return problem(403, { message: "ask by the address 127.0.0.1, and not from a web page" });
  }
  const id = path.slice("/faults/".length);
  switch (`${method} ${id === "" ? "all" : "one"}`) {
    case "GET all":
      return { status: 200, body: { faults: faults.all() } };
    case "POST all":
      return add(faults, body);
    case "DELETE all":
      faults.clear();
      return { status: 200, body: { faults: [] } };
    case "DELETE one":
      if (faults.remove(decodeURIComponent(id))) return { status: 200, body: { id } };
      return problem(404, { message: `there is no fault ${id}` });
    default:
      return problem(405, { message: "use GET /faults, POST /faults, DELETE /faults or DELETE /faults/{id}" });
  }
}

function add(faults: FaultRegister, body: Buffer): FaultsAnswer {
  try {
    return { status: 201, body: { ...faults.add(readFault(objectIn(body))) } };
  } catch (error) {
    if (!(error instanceof InvalidFault)) throw error;
    return problem(400, { message: error.message, field: error.field, valid: error.valid });
  }
}

function objectIn(body: Buffer): JsonObject {
  try {
    const value: unknown = JSON.parse(body.toString());
    if (isObject(value)) return value;
  } catch {
    // Told below.
  }
  throw new InvalidFault("", 'send a JSON object, such as {"kind":"throttled"}', "a JSON object");
}

function problem(status: number, body: JsonObject): FaultsAnswer {
  return { status, body };
}
