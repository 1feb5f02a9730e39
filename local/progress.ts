/** News of one step of a longer undertaking; several steps may run at once. */
export interface Progress {
  /** Names the step, the same in all its news. */
  readonly step: string;
  readonly state: "running" | "done" | "failed";
  /** What is being done now, or what came of it. */
  readonly message: string;
}

export type ReportProgress = (progress: Progress) => void;

/**
 * Runs one step and tells when it is done or has failed. `perform` gets a way to tell what it is about, which says nothing
 * any more once the step has ended.
 */
export async function performStep<T>(
  report: ReportProgress,
  step: string,
  perform: (report: (message: string) => void) => Promise<T>,
): Promise<T> {
  let ended = false;
  const end = (state: "done" | "failed") => {
    ended = true;
    report({ step, state, message: "" });
  };
  report({ step, state: "running", message: "" });
  try {
    const result = await perform((message) => {
      if (!ended) report({ step, state: "running", message });
    });
    end("done");
    return result;
  } catch (error) {
    end("failed");
    throw error;
  }
}

interface Running {
  readonly since: number;
  readonly message: string;
  readonly toldAt: number;
}

/** Where progress is written to: a terminal, or a file or pipe. */
export interface ProgressOutput {
  readonly isTTY?: boolean;
  readonly columns?: number;
  write(text: string): unknown;
}

/** Writes progress; `stop` ends the updating line of a terminal. */
export interface ProgressWriter {
  readonly report: ReportProgress;
  stop(): void;
}

const quietMs = 10_000;
const frameMs = 250;

/** To a terminal one updating line, to anything else plain lines: at most one in 10 s for each step, and its end. */
export function progressWriter(output: ProgressOutput, now: () => number): ProgressWriter {
  return output.isTTY === true ? liveWriter(output, now) : plainWriter(output, now);
}

function plainWriter(output: ProgressOutput, now: () => number): ProgressWriter {
  const steps = new Map<string, Running>();
  const tell = (step: string, running: Running, at: number) => {
    output.write(`  ${step}${running.message === "" ? "" : `: ${running.message}`} (${seconds(at - running.since)})\n`);
    steps.set(step, { ...running, toldAt: at });
  };
  // Long silences of a step are filled as well, so that nobody takes it for stuck.
  const timer = setInterval(() => {
    for (const [step, running] of steps) if (now() - running.toldAt >= quietMs) tell(step, running, now());
  }, 1_000);
  timer.unref();
  return {
    report: ({ step, state, message }) => {
      const at = now();
      const running = steps.get(step) ?? { since: at, message, toldAt: at };
      if (state === "running") steps.set(step, { ...running, message: message || running.message });
      else {
        steps.delete(step);
        output.write(`${ending(step, state, message, at - running.since)}\n`);
      }
    },
    stop: () => clearInterval(timer),
  };
}

function liveWriter(output: ProgressOutput, now: () => number): ProgressWriter {
  const steps = new Map<string, Running>();
  const clear = "\r\u001b[K";
  const draw = () => {
    const parts = [...steps].map(
      ([step, { since, message }]) => `${step}${message === "" ? "" : `: ${message}`} ${seconds(now() - since)}`,
    );
    output.write(`${clear}${parts.join(" · ").slice(0, (output.columns ?? 80) - 1)}`);
  };
  const timer = setInterval(draw, frameMs);
  timer.unref();
  return {
    report: ({ step, state, message }) => {
      const at = now();
      const running = steps.get(step) ?? { since: at, message, toldAt: at };
      if (state === "running") steps.set(step, { ...running, message: message || running.message });
      else {
        steps.delete(step);
        output.write(`${clear}${ending(step, state, message, at - running.since)}\n`);
      }
      draw();
    },
    stop: () => {
      clearInterval(timer);
      output.write(clear);
    },
  };
}

function ending(step: string, state: "done" | "failed", message: string, elapsedMs: number): string {
  const mark = state === "done" ? "✓" : "✗";
  return `${mark} ${step}${message === "" ? "" : `: ${message}`} (${seconds(elapsedMs)})`;
}

function seconds(ms: number): string {
  return `${(ms / 1_000).toFixed(ms < 10_000 ? 1 : 0)} s`;
}
