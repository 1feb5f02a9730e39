/** The question that a token asks of STS, rebuilt from what may be in it: nothing else of a token is ever sent anywhere. */
export interface SignedQuestion {
  /** `sts.<region>.amazonaws.com` */
  readonly host: string;
  readonly query: string;
}

const prefix = "k8s-aws-v1.";
const longestToken = 16 * 1024;
const longestExpirySeconds = 900;
const required = [
  "Action",
  "Version",
  "X-Amz-Algorithm",
  "X-Amz-Credential",
  "X-Amz-Date",
  "X-Amz-Expires",
  "X-Amz-Signature",
  "X-Amz-SignedHeaders",
] as const;
const optional = ["X-Amz-Security-Token"] as const;

/**
 * Reads an EKS bearer token. Undefined for anything but a presigned GetCallerIdentity of the region's STS that has the
 * cluster's name among what it signs; whether the signature holds is for STS to say.
 */
export function questionIn(token: string, region: string): SignedQuestion | undefined {
  if (!token.startsWith(prefix) || token.length > longestToken) return undefined;
  const body = token.slice(prefix.length);
  if (!/^[A-Za-z0-9_-]+={0,2}$/.test(body)) return undefined;
  const url = parseUrl(Buffer.from(body, "base64url").toString());
  const host = `sts.${region}.amazonaws.com`;
  if (url?.protocol !== "https:" || url.host !== host || url.pathname !== "/" || url.hash !== "") return undefined;
  if (url.username !== "" || url.password !== "") return undefined;
  const query = readQuery(url.searchParams);
  return query !== undefined && isQuestion(query, region) ? { host, query: encode(query) } : undefined;
}

function parseUrl(value: string): URL | undefined {
  return URL.canParse(value) ? new URL(value) : undefined;
}

/** The parameters by name; undefined when one is unknown, missing, empty or there twice. */
function readQuery(parameters: URLSearchParams): ReadonlyMap<string, string> | undefined {
  const known: readonly string[] = [...required, ...optional];
  const query = new Map<string, string>();
  for (const [name, value] of parameters) {
    if (!known.includes(name) || query.has(name) || value === "") return undefined;
    query.set(name, value);
  }
  return required.every((name) => query.has(name)) ? query : undefined;
}

function isQuestion(query: ReadonlyMap<string, string>, region: string): boolean {
  const scope = (query.get("X-Amz-Credential") ?? "").split("/");
  const signed = (query.get("X-Amz-SignedHeaders") ?? "").split(";");
  const expires = Number(query.get("X-Amz-Expires"));
  return (
    query.get("Action") === "GetCallerIdentity" &&
    query.get("Version") === "2011-06-15" &&
    query.get("X-Amz-Algorithm") === "AWS4-HMAC-SHA256" &&
    scope.length === 5 &&
    scope[2] === region &&
    scope[3] === "sts" &&
    scope[4] === "aws4_request" &&
    signed.includes("host") &&
    signed.includes("x-k8s-aws-id") &&
    /^[0-9a-f]{64}$/.test(query.get("X-Amz-Signature") ?? "") &&
    expires >= 0 &&
    expires <= longestExpirySeconds
  );
}

function encode(query: ReadonlyMap<string, string>): string {
  return [...query].map((pair) => pair.map(encodeURIComponent).join("=")).join("&");
}
