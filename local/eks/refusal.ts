/** A call refused in the words of the EKS API; its front turns this into the answer. */
export class Refusal extends Error {
  override readonly name = "Refusal";
  readonly status: number;
  readonly code: string;

  constructor(status: number, code: string, message: string) {
    super(message);
    this.status = status;
    this.code = code;
  }
}

/** For a value that EKS does not take. */
export function invalidParameter(message: string): Refusal {
  return new Refusal(400, "InvalidParameterException", message);
}

/** For a Kubernetes version that EKS does not offer, or no longer. */
export function unsupportedVersion(version: unknown): Refusal {
  return invalidParameter(`unsupported Kubernetes version ${String(version)}`);
}

/** For a call that does not fit the state of things. */
export function invalidRequest(message: string): Refusal {
  return new Refusal(400, "InvalidRequestException", message);
}

/** For a name that is taken, or a thing that something else needs. */
export function resourceInUse(message: string): Refusal {
  return new Refusal(409, "ResourceInUseException", message);
}

/** For a name that nothing has. */
export function resourceNotFound(message: string): Refusal {
  return new Refusal(404, "ResourceNotFoundException", message);
}
