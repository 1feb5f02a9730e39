/** One Kubernetes object, as its owner wrote it. */
export interface ManifestObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly labels?: Readonly<Record<string, string>>;
  };
  readonly [field: string]: unknown;
}

export interface Manifest {
  /** Where it was read from. */
  readonly file: string;
  readonly object: ManifestObject;
}

/**
 * Bytes of all manifests of a deployment, as JSON: CloudFormation hands them to a function in one event of at most 256 KB
 * (Lambda quotas, asynchronous invocation), in which every quotation mark counts twice.
 */
export const maxManifestBytes = 150_000;

/** What keeps a document from being an object that can be applied; `undefined` when nothing does. */
export function problemOfManifest(document: unknown): string | undefined {
  if (!isRecord(document)) return "is no Kubernetes object";
  const { apiVersion, kind, metadata } = document;
  if (!isText(apiVersion)) return "has no apiVersion";
  if (!isText(kind)) return "has no kind";
  if (kind === "List") return "is a List: write its items as documents of their own";
  if (!isRecord(metadata) || !isText(metadata.name)) return `of kind ${kind} has no metadata.name`;
  if (metadata.name !== metadata.name.toLowerCase()) return `of kind ${kind} has capital letters in its metadata.name`;
  if (metadata.namespace !== undefined && !isText(metadata.namespace))
    return `of kind ${kind} has no text as namespace`;
  return undefined;
}

/** True when it can be applied. */
export function isManifestObject(document: unknown): document is ManifestObject {
  return problemOfManifest(document) === undefined;
}

/** What others live in, or are of the kind of, comes first; otherwise the owner's order stands. */
export function inOrderOfNeed(manifests: readonly Manifest[]): Manifest[] {
  const rank = ({ object }: Manifest) => (isKind(object, "Namespace") ? 0 : isKind(object, customResource) ? 1 : 2);
  return manifests.toSorted((a, b) => rank(a) - rank(b));
}

export const customResource = "CustomResourceDefinition";

function isKind({ kind }: ManifestObject, wanted: string): boolean {
  return kind === wanted;
}

/** For people: `ConfigMap shop/settings (exercises/shop.yaml)`. */
export function describeManifest({ file, object: { kind, metadata } }: Manifest): string {
  return `${kind} ${metadata.namespace ? `${metadata.namespace}/` : ""}${metadata.name} (${file})`;
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isText(value: unknown): value is string {
  return typeof value === "string" && value !== "";
}
