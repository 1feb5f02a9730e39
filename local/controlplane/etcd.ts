import { request } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { freePort } from "../ports.ts";
import type { Binary } from "./binary.ts";
import { type ComponentExit, startComponent } from "./component.ts";

export interface EtcdOptions {
  readonly binary: Binary;
  /** A folder of its own, for data and log; created if need be. What an earlier etcd left there is taken up again. */
  readonly dir: string;
  /** Ends it. */
  readonly signal?: AbortSignal;
}

/** The one etcd that all control planes share, each below a prefix of its own. Loopback only, without credentials. */
export interface Etcd {
  readonly url: string;
  readonly pid: number;
  readonly logFile: string;
  readonly exited: Promise<ComponentExit>;
  /** Ends it; repeatable. */
  stop(): Promise<void>;
}

const secondsToStart = 30;

/**
 * Starts etcd and waits until it answers. It ends with this process, however this process ends. A power cut may lose
 * what it holds: it never waits for the disk.
 */
export async function startEtcd({ binary, dir, signal }: EtcdOptions): Promise<Etcd> {
  signal?.throwIfAborted();
  const url = `http://127.0.0.1:${await freePort()}`;
  const peerUrl = `http://127.0.0.1:${await freePort()}`;
  const etcd = await startComponent({
    binary,
    name: "etcd",
    dir,
    flags: [
      `--data-dir=${dir}/data`,
      `--listen-client-urls=${url}`,
      `--advertise-client-urls=${url}`,
      `--listen-peer-urls=${peerUrl}`,
      `--initial-advertise-peer-urls=${peerUrl}`,
      `--initial-cluster=default=${peerUrl}`,
      "--unsafe-no-fsync",
      "--log-level=warn",
      // Each API server compacts what it wrote; after the last one has stopped, nobody would.
      "--auto-compaction-mode=periodic",
      "--auto-compaction-retention=10m",
      // Fewer entries kept in memory for followers that there are none of.
      "--snapshot-count=2000",
      "--snapshot-catchup-entries=500",
    ],
    environment: { GOGC: "50" },
  });
  const stop = (): Promise<void> => {
    signal?.removeEventListener("abort", stop);
    return etcd.stop(1_000);
  };
  signal?.addEventListener("abort", stop);
  let died: ComponentExit | undefined;
  void etcd.exited.then((exit) => {
    died = exit;
  });
  const deadline = Date.now() + secondsToStart * 1_000;
  while (!(await isHealthy(url))) {
    signal?.throwIfAborted();
    if (died !== undefined) throw new Error(`etcd ended while starting:\n${died.lastWords}`);
    if (Date.now() > deadline) {
      await stop();
      throw new Error(`etcd did not answer within ${secondsToStart} s: see ${etcd.logFile}`);
    }
    await sleep(50);
  }
  return { url, pid: etcd.pid, logFile: etcd.logFile, exited: etcd.exited, stop };
}

/** Deletes every key below a prefix and says how many there were; repeatable. `/a/` does not touch `/ab/`. */
export async function deletePrefix(url: string, prefix: string): Promise<number> {
  const { deleted } = await call<{ readonly deleted?: string }>(`${url}/v3/kv/deleterange`, range(prefix));
  return Number(deleted ?? 0);
}

/** How many keys there are below a prefix. */
export async function countKeys(url: string, prefix: string): Promise<number> {
  const { count } = await call<{ readonly count?: string }>(`${url}/v3/kv/range`, {
    ...range(prefix),
    count_only: true,
  });
  return Number(count ?? 0);
}

/** etcd's prefix range: up to the prefix with its last byte raised by one. */
function range(prefix: string): { readonly key: string; readonly range_end: string } {
  const key = Buffer.from(prefix);
  const end = Buffer.from(key);
  const last = end.length - 1;
  if (last < 0) throw new Error("an empty prefix would hit every cluster's keys");
  end[last] = (end[last] ?? 0) + 1;
  return { key: key.toString("base64"), range_end: end.toString("base64") };
}

async function call<Answer>(address: string, body: object): Promise<Answer> {
  const response = await fetch(address, { method: "POST", body: JSON.stringify(body) });
  if (!response.ok) throw new Error(`etcd answered ${response.status}: ${await response.text()}`);
  return (await response.json()) as Answer;
}

function isHealthy(url: string): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = request(`${url}/health`, { agent: false, timeout: 2_000 }, (response) => {
      response.resume();
      resolve(response.statusCode === 200);
    });
    probe.on("timeout", () => probe.destroy());
    probe.on("error", () => resolve(false));
    probe.end();
  });
}
