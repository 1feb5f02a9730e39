import { once } from "node:events";
import { startEks } from "./eks.ts";
import type { EksMessage, EksOrder } from "./supervised.ts";

// Runs the laptop's EKS as a process of its own, which ends with whoever started it. A part that has died ends it all: the
// next start takes up what is left.
const tell = (message: EksMessage) =>
  new Promise<void>((sent) => {
    if (process.connected) process.send?.(message, () => sent());
    else sent();
  });
const endWithinMs = 5_000;
const ending = new AbortController();
process.once("disconnect", () => {
  ending.abort(new Error("ended"));
  // Whatever a part may still hold open: its processes end with this one.
  setTimeout(() => process.exit(1), endWithinMs).unref();
});

const [order] = (await once(process, "message")) as [EksOrder];
try {
  const eks = await startEks({
    ...order,
    report: (text) => void tell({ kind: "report", text }),
    signal: ending.signal,
  });
  void tell({ kind: "started", url: eks.url });
  const asked = once(ending.signal, "abort").then(() => undefined);
  const broken = ending.signal.aborted ? undefined : await Promise.race([eks.broken, asked]);
  if (broken === undefined) {
    await eks.stop();
    process.exit();
  }
  // Not stopped in order, which would delete what the clusters held: all processes end with this one.
  await tell({ kind: "failed", why: broken });
} catch (error) {
  await tell({ kind: "failed", why: error instanceof Error ? error.message : String(error) });
}
process.exit(1);
