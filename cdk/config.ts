import { clusterIdPrefix } from "../shared/domain/ids.ts";
import type { PoolConfig } from "../shared/domain/pool.ts";
import { problemsOf } from "../shared/domain/pool.ts";
import { chaosPool } from "./chaos-pool.ts";
import { unknownNames } from "./cluster-classes.ts";
import { faultPools } from "./fault-pools.ts";
import { readManifests } from "./manifests.ts";

/** A pool as an operator writes it: the revision follows from the cluster class. */
export type PoolSettings = Omit<PoolConfig, "poolId" | "revision">;

/** Everything that differs between two deployments of the same stack. */
export interface StageConfig {
  /** Names the stack and marks its cloud resources: at most 31 lower-case letters, digits and dashes, one of a kind in the account. */
  readonly deploymentId: string;
  /** Where to deploy; the account and Region of the credentials in use when absent. */
  readonly env?: { readonly account: string; readonly region: string };
  /** `iss` of the tokens that the API accepts; its `/.well-known/openid-configuration` must answer to API Gateway. */
  readonly issuer: string;
  /** `aud` of the tokens that the API accepts. */
  readonly audience: string;
  /** Sites whose pages may call the API from a browser; none when empty. */
  readonly corsOrigins: readonly string[];
  /** By pool id: lower-case letters, digits and dashes. A pool that is taken out is retired: it drains, its record stays. */
  readonly pools: Readonly<Record<string, PoolSettings>>;
  /** The table, with every cluster's record, outlives the stack and cannot be deleted by mistake. */
  readonly keepTable: boolean;
  readonly logRetentionDays: 1 | 7 | 30 | 90 | 365;
  /** Second guard behind the quotas of owners and tenants, for the whole API. */
  readonly throttle: { readonly requestsPerSecond: number; readonly burst: number };
  /** Private subnets behind this many NAT gateways; 0 puts the nodes into public subnets. */
  readonly natGateways: 0 | 1 | 2;
  readonly janitor: {
    /**
     * What becomes of clusters and their parts that carry the deployment's mark and of which there is no record: an alarm in any
     * case; `delete` removes them too. After a table was restored from a backup every younger cluster looks like that.
     */
    readonly orphans: "report" | "delete";
  };
  readonly alarms: {
    /** Each address gets a confirmation mail first. */
    readonly emails: readonly string[];
    /** Answers with a 5xx status in a minute that are still no reason to wake somebody. */
    readonly toleratedServerErrors: number;
  };
}

const minutes = (count: number) => count * 60;
const hours = (count: number) => count * minutes(60);

const small: PoolSettings = {
  description: "Two nodes, for most exercises",
  clusterClass: { kubernetesVersion: "1.36", nodes: 2 },
  policy: { minWarm: 2, maxTotal: 8, bufferPercent: 20, maxConcurrent: 2, trimCoolDownSeconds: minutes(30) },
  lease: {
    defaultTtlSeconds: hours(1),
    maxTtlSeconds: hours(4),
    maxLifetimeSeconds: hours(8),
    activationDeadlineSeconds: minutes(15),
    maxQueueSeconds: minutes(10),
  },
  quotas: { owner: 5, tenant: 8 },
};

const laptop: StageConfig = {
  deploymentId: "sandlot-laptop",
  issuer: "http://127.0.0.1:8401",
  audience: "sandlot",
  corsOrigins: [],
  pools: {
    small: { ...small, policy: { ...small.policy, trimCoolDownSeconds: 60 } },
    tiny: {
      ...small,
      description: "One node, nothing kept warm: every claim waits for its cluster",
      clusterClass: { ...small.clusterClass, nodes: 1 },
      policy: { minWarm: 0, maxTotal: 2, bufferPercent: 0, maxConcurrent: 2, trimCoolDownSeconds: 60 },
    },
    managed: {
      ...small,
      description: "A managed node group of one node, an add-on, and a manifest of the owner's",
      clusterClass: {
        ...small.clusterClass,
        nodes: 1,
        compute: { instanceTypes: ["m7i.large", "m6i.large"] },
        addons: [{ name: "metrics-server" }],
        features: ["storage", "networkPolicy"],
        isolation: { podSecurity: "baseline" },
        manifests: ["manifests/welcome.yaml"],
      },
      policy: { minWarm: 0, maxTotal: 2, bufferPercent: 0, maxConcurrent: 2, trimCoolDownSeconds: 60 },
    },
  },
  keepTable: false,
  logRetentionDays: 1,
  throttle: { requestsPerSecond: 1000, burst: 2000 },
  natGateways: 0,
  janitor: { orphans: "report" },
  alarms: { emails: [], toleratedServerErrors: 0 },
};

/** For `test/faults`. */
const faults: StageConfig = { ...laptop, deploymentId: "sandlot-faults", pools: faultPools(small) };

/** For `npm run chaos`: the janitor removes what nothing else would. */
const chaos: StageConfig = {
  ...laptop,
  deploymentId: "sandlot-chaos",
  pools: { chaos: chaosPool(small) },
  janitor: { orphans: "delete" },
};

const dev: StageConfig = {
  deploymentId: "sandlot-dev",
  issuer: "https://id.example.com",
  audience: "sandlot",
  corsOrigins: ["http://localhost:5173"],
  pools: { small },
  keepTable: true,
  logRetentionDays: 30,
  throttle: { requestsPerSecond: 200, burst: 400 },
  natGateways: 1,
  janitor: { orphans: "report" },
  alarms: { emails: [], toleratedServerErrors: 0 },
};

const prod: StageConfig = {
  ...dev,
  deploymentId: "sandlot-prod",
  env: { account: "111122223333", region: "eu-central-1" },
  corsOrigins: ["https://training.example.com"],
  pools: {
    small: {
      ...small,
      // Below EKS's default quota of 100 clusters a Region.
      policy: { minWarm: 5, maxTotal: 98, bufferPercent: 20, maxConcurrent: 10, trimCoolDownSeconds: minutes(30) },
      quotas: { owner: 5, tenant: 60 },
    },
  },
  logRetentionDays: 90,
  throttle: { requestsPerSecond: 1000, burst: 2000 },
  natGateways: 2,
  alarms: { emails: ["oncall@example.com"], toleratedServerErrors: 2 },
};

/** The stages, by the name that `-c stage=…` takes. */
export const stages: Readonly<Record<string, StageConfig>> = { laptop, faults, chaos, dev, prod };

/** A configuration that cannot work, with everything that is wrong with it. */
export class ConfigError extends Error {
  override readonly name = "ConfigError";
}

/**
 * The configuration of a stage, checked.
 *
 * @param overrides what differs for this one deployment, such as an issuer given on the command line.
 * @throws {ConfigError} naming the stages when there is no such stage, or every field that is wrong.
 */
export function stageConfig(stage: string | undefined, overrides: Partial<StageConfig> = {}): StageConfig {
  const config = stage === undefined ? undefined : stages[stage];
  if (!config) {
    const given = stage === undefined ? "No stage was given." : `There is no stage "${stage}".`;
    throw new ConfigError(`${given} Choose one with -c stage=NAME: ${Object.keys(stages).join(", ")}.`);
  }
  return checked({ ...config, ...overrides });
}

function checked(config: StageConfig): StageConfig {
  const problems: string[] = [];
  const require = (holds: boolean, problem: string) => holds || problems.push(problem);

  require(/^[a-z][a-z0-9-]{0,30}$/.test(
    config.deploymentId,
  ), "deploymentId: must be lower-case letters, digits and dashes, at most 31");
  require(!`${config.deploymentId}-`.includes(
    `-${clusterIdPrefix}`,
  ), `deploymentId: must not have the part "${clusterIdPrefix.slice(0, -1)}", by which cluster names of deployments are told apart`);
  require(URL.canParse(config.issuer), "issuer: must be a URL");
  require(config.audience !== "", "audience: must not be empty");
  for (const [poolId, settings] of Object.entries(config.pools)) {
    require(/^[a-z][a-z0-9-]{0,30}$/.test(
      poolId,
    ), `pools.${poolId}: a pool's id must be lower-case letters, digits and dashes, at most 31`);
    for (const { field, problem } of problemsOf(settings)) problems.push(`pools.${poolId}.${field}: ${problem}`);
    for (const { field, problem } of unknownNames(settings.clusterClass)) {
      problems.push(`pools.${poolId}.clusterClass.${field}: ${problem}`);
    }
  }
  for (const { field, problem } of readManifests(config.pools).problems) problems.push(`${field}: ${problem}`);
  if (problems.length > 0) throw new ConfigError(`The configuration cannot work:\n${problems.join("\n")}`);
  return config;
}
