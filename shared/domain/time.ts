/** Milliseconds since the Unix epoch, UTC. Always an argument of a decision, never read inside it. */
export type Instant = number;

/** The instant that lies `seconds` after `from`. */
export function after(from: Instant, seconds: number): Instant {
  return from + seconds * 1000;
}

/** Whole seconds from `from` until `to`, rounded up, never negative. */
export function secondsUntil(from: Instant, to: Instant): number {
  return Math.max(0, Math.ceil((to - from) / 1000));
}
