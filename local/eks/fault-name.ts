/** The name that AWS gives an error, such as `ResourceNotFoundException`; empty for what is no error. */
export function faultName(error: unknown): string {
  return error instanceof Error ? error.name : "";
}
