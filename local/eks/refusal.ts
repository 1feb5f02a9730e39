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

export function invalidParameter(message: string): Refusal {
  return new Refusal(400, "InvalidParameterException", message);
}

export function invalidRequest(message: string): Refusal {
  return new Refusal(400, "InvalidRequestException", message);
}

export function resourceInUse(message: string): Refusal {
  return new Refusal(409, "ResourceInUseException", message);
}

export function resourceNotFound(message: string): Refusal {
  return new Refusal(404, "ResourceNotFoundException", message);
}
