import { once } from "node:events";
import { startLaptop } from "../../local/laptop.ts";
import type { LaptopMessage, LaptopOrder } from "./start-laptop.ts";

// Runs the laptop in a process of its own, so that its memory is not the load's. It ends with whoever started it.
const tell = (message: LaptopMessage) => process.send?.(message);
const ending = new AbortController();
process.once("disconnect", () => ending.abort(new Error("ended")));

const [{ dir, stage }] = (await once(process, "message")) as [LaptopOrder];
try {
  const laptop = await startLaptop({
    dir,
    stage,
    ports: {},
    report: (progress) => {
      if (process.connected) tell({ kind: "progress", progress });
    },
    signal: ending.signal,
  });
  const { apiUrl, tokenUrl, aws, eksUrl, outputs } = laptop;
  tell({ kind: "started", laptop: { apiUrl, tokenUrl, aws, eksUrl, outputs } });
  const broken = await Promise.race([laptop.broken, once(ending.signal, "abort").then(() => undefined)]);
  if (broken !== undefined) tell({ kind: "broken", why: broken });
  await laptop.stop();
} catch (error) {
  if (process.connected) tell({ kind: "broken", why: error instanceof Error ? error.message : String(error) });
}
process.exit();
