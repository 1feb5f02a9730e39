/** A trouble as EKS reports it in the health of a cluster, node group or add-on. */
interface Issue {
  readonly code?: string | undefined;
  readonly message?: string | undefined;
}

/** All of them in one line for an operator. */
export function describeIssues(health: { readonly issues?: readonly Issue[] | undefined } | undefined): string {
  const issues = (health?.issues ?? []).map(({ code, message }) => [code, message].filter(Boolean).join(": "));
  return issues.join("; ") || "no reason given";
}

/**
 * True when they say that the cloud has no room, and not that something is wrong (EKS API reference, `Issue`). A failed launch
 * is of either kind; its message quotes EC2's error.
 */
export function areOfCapacity(health: { readonly issues?: readonly Issue[] | undefined } | undefined): boolean {
  return (health?.issues ?? []).some(
    ({ code = "", message = "" }) =>
      code === "InstanceLimitExceeded" ||
      code === "InsufficientFreeAddresses" ||
      (code === "AsgInstanceLaunchFailures" && /LimitExceeded|InsufficientInstanceCapacity|quota/i.test(message)),
  );
}

/** Seconds until the next look at something that is being made: soon for what is young, seldom for what is old. */
export function patience(createdAt: Date | undefined): number {
  const ageSeconds = createdAt ? (Date.now() - createdAt.getTime()) / 1000 : 0;
  return Math.min(20, Math.max(1, Math.round(ageSeconds / 10)));
}
