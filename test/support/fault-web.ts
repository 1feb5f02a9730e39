import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { User } from "./fault-scenario.ts";
import { eventually } from "./http.ts";
import { leftovers } from "./leftovers.ts";
import { runKubectl } from "./run-kubectl.ts";
import { credentials } from "./sandlot.ts";

/** Makes a Service of type LoadBalancer in the user's cluster, as its user, and waits for the load balancer behind it. */
export async function exposeWeb(user: User & { readonly clusterId: string }): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "sandlot-web-"));
  try {
    const kubeconfig = join(folder, "kubeconfig.yaml");
    writeFileSync(kubeconfig, (await credentials(user.token, user.sandboxId)).kubeconfig, { mode: 0o600 });
    await runKubectl(kubeconfig, "create", "service", "loadbalancer", "web", "--tcp=80");
    await eventually("a load balancer", async () => (await leftovers(user.clusterId)).loadBalancers.length > 0);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
