import { once } from "node:events";
import { startEks } from "./eks.ts";
import type { EksMessage, EksOrder } from "./supervised.ts";

// Runs the laptop's EKS as a process of its own, which ends with whoever started it. A part that has died ends it all: the
// next start takes up what is left.
const tell = (message: EksMessage) => {
  if (process.connected) process.send?.(message);
};
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
    report: (text) => tell({ kind: "report", text }),
    signal: ending.signal,
  });
  tell({ kind: "started", url: eks.url });
  const asked = once(ending.signal, "abort").then(() => undefined);
  const broken = ending.signal.aborted ? undefined : await Promise.race([eks.broken, asked]);
  await eks.stop();
  if (broken !== undefined) tell({ kind: "failed", why: broken });
  process.exitCode = broken === undefined ? 0 : 1;
} catch (error) {
  tell({ kind: "failed", why: error instanceof Error ? error.message : String(error) });
  process.exitCode = 1;
}
process.exit();
