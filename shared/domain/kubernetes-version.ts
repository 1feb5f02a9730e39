import { after, type Instant } from "./time.ts";

/** What the cloud says of a Kubernetes version that it knows. */
export interface VersionSupport {
  /** From then on it costs six times as much (extended support), or is not made at all. */
  readonly standardSupportEndsAt: Instant;
  /** As the cloud has it now, whatever the dates say. */
  readonly inStandardSupport: boolean;
}

/** How long before the end of its standard support a version is taken for new pools no more. */
export const supportNoticeDays = 60;

export type VersionVerdict =
  | { readonly kind: "fit" }
  /** Still made; it leaves standard support within `supportNoticeDays`. */
  | { readonly kind: "ending"; readonly endsAt: Instant }
  /** No cluster of it should be made. */
  | { readonly kind: "over"; readonly endsAt: Instant }
  /** The cloud does not offer it: not yet, or no longer. */
  | { readonly kind: "unknown" };

/** Example: 1.34 leaves standard support on 2026-12-02: fit on 2026-10-01, ending on 2026-11-01, over on 2026-12-03. */
export function judgeVersion(support: VersionSupport | undefined, now: Instant): VersionVerdict {
  if (!support) return { kind: "unknown" };
  const { standardSupportEndsAt: endsAt, inStandardSupport } = support;
  if (!inStandardSupport || endsAt <= now) return { kind: "over", endsAt };
  return endsAt <= after(now, supportNoticeDays * 86_400) ? { kind: "ending", endsAt } : { kind: "fit" };
}
