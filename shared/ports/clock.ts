import type { Instant } from "../domain/time.ts";

/** The present moment. Use cases read it anew after each wait, so that a slow call does not decide on an old time. */
export type Clock = () => Instant;

/** Resolves after `milliseconds`; an argument, so that simulated time can pass at once. */
export type Sleep = (milliseconds: number) => Promise<void>;
