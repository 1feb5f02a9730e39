import { isObject, type JsonObject, member, text, texts } from "./json.ts";
import { invalidParameter, invalidRequest, unsupportedVersion } from "./refusal.ts";
import { isOffered } from "./versions.ts";

/** A subnet, as far as clusters care. */
export interface Subnet {
  readonly id: string;
  readonly vpcId: string;
  readonly availabilityZone: string;
}

/**
 * Checks what MiniStack lets pass and EKS refuses. `subnets` are those of the call's subnets that exist.
 *
 * @throws Refusal in EKS's words.
 */
export function checkCreateRequest(body: JsonObject, subnets: readonly Subnet[], now: number): void {
  const name = text(body.name) ?? "";
  if (!/^[0-9A-Za-z][A-Za-z0-9_-]{0,99}$/.test(name)) {
    throw invalidParameter(
      "The cluster name should match the regular expression ^[0-9A-Za-z][A-Za-z0-9_-]*$ and be at most 100 long.",
    );
  }
  if (text(body.roleArn) === undefined) throw invalidParameter("Missing required parameter: roleArn");
  checkSubnets(texts(member(body.resourcesVpcConfig, "subnetIds")), subnets);
  const version = body.version;
  if (version !== undefined && (typeof version !== "string" || !isOffered(version, now))) {
    throw unsupportedVersion(version);
  }
  checkAutoMode(body);
}

function checkSubnets(asked: readonly string[], found: readonly Subnet[]): void {
  if (asked.length < 2) throw invalidParameter("Subnets specified must be in at least two different AZs");
  const missing = asked.find((id) => !found.some((it) => it.id === id));
  if (missing !== undefined) throw invalidParameter(`The subnet ID '${missing}' does not exist`);
  if (new Set(found.map((it) => it.availabilityZone)).size < 2) {
    throw invalidParameter("Subnets specified must be in at least two different AZs");
  }
}

/** Auto Mode's parts go together only (EKS user guide, "Create an EKS Auto Mode cluster"). */
function checkAutoMode(body: JsonObject): void {
  const parts = [
    member(body.computeConfig, "enabled"),
    member(member(body.storageConfig, "blockStorage"), "enabled"),
    member(member(body.kubernetesNetworkConfig, "elasticLoadBalancing"), "enabled"),
  ].map((it) => it === true);
  if (parts.every((it) => !it)) return;
  if (!parts.every((it) => it)) {
    throw invalidParameter(
      "For EKS Auto Mode, please ensure that all required configs, including computeConfig, kubernetesNetworkConfig, and blockStorage are all either fully enabled or fully disabled.",
    );
  }
  const mode = member(body.accessConfig, "authenticationMode");
  if (mode !== "API" && mode !== "API_AND_CONFIG_MAP") {
    throw invalidRequest("EKS Auto Mode needs the authentication mode API or API_AND_CONFIG_MAP.");
  }
  if (body.bootstrapSelfManagedAddons !== false) {
    throw invalidRequest("When Auto Mode is enabled, bootstrapSelfManagedAddons must be set to false");
  }
  if (
    isObject(body.computeConfig) &&
    texts(body.computeConfig.nodePools).length > 0 &&
    !text(body.computeConfig.nodeRoleArn)
  ) {
    throw invalidRequest("When using nodePools, nodeRoleArn is required.");
  }
}
