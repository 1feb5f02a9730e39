import { addonVersion } from "./addons.ts";
import type { Subnet } from "./create-request.ts";
import { type JsonObject, member, text, texts } from "./json.ts";
import { invalidParameter } from "./refusal.ts";

const instanceType = /^[a-z][a-z0-9-]*\.(nano|micro|small|medium|large|xlarge|[0-9]+xlarge|metal(-[0-9]+xl)?)$/;

/**
 * Checks what MiniStack lets pass of a `CreateNodegroup` and EKS refuses. `subnets` are those of the cluster's VPC that exist.
 *
 * @throws Refusal in EKS's words.
 */
export function checkNodegroup(body: JsonObject, subnets: readonly Subnet[]): void {
  if (text(body.nodeRole) === undefined) throw invalidParameter("Missing required parameter: nodeRole");
  const asked = texts(body.subnets);
  if (asked.length === 0) throw invalidParameter("Subnets are not specified");
  const missing = asked.find((id) => !subnets.some((it) => it.id === id));
  if (missing !== undefined) throw invalidParameter(`The subnet ID '${missing}' does not exist`);
  const unknown = texts(body.instanceTypes).filter((it) => !instanceType.test(it));
  if (unknown.length > 0) {
    throw invalidParameter(`The following supplied instance types do not exist: [${unknown.join(", ")}]`);
  }
  checkScaling(body.scalingConfig);
}

/** As `checkNodegroup`, for a `CreateAddon`. */
export function checkAddon(body: JsonObject): void {
  addonVersion(text(body.addonName) ?? "", text(body.addonVersion));
}

function checkScaling(scaling: unknown): void {
  if (scaling === undefined) return;
  const [least, most, desired] = ["minSize", "maxSize", "desiredSize"].map((name) => {
    const size = member(scaling, name);
    return typeof size === "number" ? size : undefined;
  });
  if (least !== undefined && most !== undefined && least > most) {
    throw invalidParameter(`Minimum capacity ${least} can't be greater than maximum capacity ${most}`);
  }
  if (desired !== undefined && most !== undefined && desired > most) {
    throw invalidParameter(`desired capacity ${desired} can't be greater than max size ${most}`);
  }
  if (desired !== undefined && least !== undefined && desired < least) {
    throw invalidParameter(`Minimum capacity ${least} can't be greater than desired size ${desired}`);
  }
}
