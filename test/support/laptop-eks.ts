import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { request } from "node:https";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import {
  DescribeNetworkInterfacesCommand,
  DescribeSubnetsCommand,
  DescribeVolumesCommand,
  EC2Client,
} from "@aws-sdk/client-ec2";
import {
  AssociateAccessPolicyCommand,
  type Cluster,
  CreateAccessEntryCommand,
  type CreateClusterCommandInput,
  DeleteClusterCommand,
  DescribeClusterCommand,
  EKSClient,
} from "@aws-sdk/client-eks";
import {
  DescribeLoadBalancersCommand,
  DescribeTagsCommand,
  ElasticLoadBalancingV2Client,
} from "@aws-sdk/client-elastic-load-balancing-v2";
import { CreateRoleCommand, IAMClient, PutRolePolicyCommand } from "@aws-sdk/client-iam";
import { AssumeRoleCommand, STSClient } from "@aws-sdk/client-sts";
import { CoreV1Api, KubeConfig, NetworkingV1Api, StorageV1Api } from "@kubernetes/client-node";
import { clientConfig } from "../../local/aws.ts";
import { ensureBinary } from "../../local/controlplane/binary.ts";
import { type Eks, type EksOptions, startEks } from "../../local/eks/eks.ts";
import { startSupervisedEks } from "../../local/eks/supervised.ts";
import { startMinistack } from "../../local/ministack/ministack.ts";
import { clusterToken } from "../../shared/adapters/eks/token.ts";
import { eventually } from "./http.ts";

const quiet = () => {};

function allow(statement: object): string {
  return JSON.stringify({ Version: "2012-10-17", Statement: [{ Effect: "Allow", ...statement }] });
}

/** Credentials of a role's session. */
export interface Session {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken: string;
}

/** The emulated AWS with the laptop's EKS in front, and its operator's clients. */
export type LaptopEks = Awaited<ReturnType<typeof startLaptopEks>>;

export async function startLaptopEks() {
  const dir = mkdtempSync(join(tmpdir(), "sandlot-eks-"));
  const binary = await ensureBinary({ report: quiet });
  const ministack = await startMinistack({ dir: join(dir, "aws"), report: quiet });
  const aws = {
    endpoint: ministack.endpoint,
    caFile: ministack.caFile,
    region: ministack.region,
    credentials: ministack.adminCredentials,
  };
  const config = clientConfig(aws);
  const ec2 = new EC2Client(config);
  const iam = new IAMClient(config);
  const sts = new STSClient(config);
  const elb = new ElasticLoadBalancingV2Client(config);
  const settings = {
    awsEndpoint: aws.endpoint,
    ca: aws.caFile,
    region: aws.region,
    credentials: aws.credentials,
    port: 0,
    dir: join(dir, "eks"),
    binary,
  };
  const start = (options: Partial<EksOptions> = {}) => startEks({ ...settings, report: quiet, ...options });
  const createRole = async (name: string): Promise<string> => {
    const principal = { AWS: `arn:aws:iam::${ministack.accountId}:root` };
    const AssumeRolePolicyDocument = allow({ Principal: principal, Action: "sts:AssumeRole" });
    const { Role } = await iam.send(new CreateRoleCommand({ RoleName: name, AssumeRolePolicyDocument }));
    return Role?.Arn ?? "";
  };
  const roles = { cluster: await createRole("cluster"), node: await createRole("node") };
  const { Subnets = [] } = await ec2.send(new DescribeSubnetsCommand({}));
  return {
    dir,
    region: aws.region,
    accountId: ministack.accountId,
    start,
    /** As `start`, in a process of its own that can be killed. */
    startApart: (folder: string) => startApart({ ...settings, dir: folder }),
    /** As `npm start` runs it: in a process of its own that is started again whenever it ends. `port` must stay free. */
    startSupervised: (folder: string, port: number, report: (message: string) => void) =>
      startSupervisedEks({ ...settings, dir: folder, port, report }),
    /** Has the emulator forget a cluster, as if it had been started anew. */
    forget: (name: string) => new EKSClient(config).send(new DeleteClusterCommand({ name })),
    /** The emulator's own EKS: what is made there is as if EKS had died before it wrote that down. */
    behind: () => new EKSClient(config),
    roles,
    subnetIds: Subnets.flatMap((it) => it.SubnetId ?? []),
    clientFor: (eks: Pick<Eks, "url">, credentials: Session | typeof aws.credentials = aws.credentials) =>
      new EKSClient({ endpoint: eks.url, region: aws.region, credentials, maxAttempts: 1 }),
    /** A session of a new role that may do these actions. */
    session: async (name: string, actions: readonly string[]): Promise<Session> => {
      const RoleArn = await createRole(name);
      if (actions.length > 0) {
        const PolicyDocument = allow({ Action: actions, Resource: "*" });
        await iam.send(new PutRolePolicyCommand({ RoleName: name, PolicyName: "all", PolicyDocument }));
      }
      const { Credentials } = await sts.send(new AssumeRoleCommand({ RoleArn, RoleSessionName: "test" }));
      const { AccessKeyId = "", SecretAccessKey = "", SessionToken = "" } = Credentials ?? {};
      return { accessKeyId: AccessKeyId, secretAccessKey: SecretAccessKey, sessionToken: SessionToken };
    },
    /** What the cloud holds of a cluster, by its tags; `leaked` of the interfaces have no node. */
    remains: async (cluster: string) => {
      const mentions = (
        tags: readonly { readonly Key?: string | undefined; readonly Value?: string | undefined }[] = [],
      ) =>
        tags.some(
          ({ Key, Value }) =>
            (Key === "eks:eks-cluster-name" && Value === cluster) ||
            (Key === `kubernetes.io/cluster/${cluster}` && Value === "owned"),
        );
      const { NetworkInterfaces = [] } = await ec2.send(new DescribeNetworkInterfacesCommand({}));
      const { Volumes = [] } = await ec2.send(new DescribeVolumesCommand({}));
      const { LoadBalancers = [] } = await elb.send(new DescribeLoadBalancersCommand({}));
      const ResourceArns = LoadBalancers.flatMap((it) => it.LoadBalancerArn ?? []);
      const { TagDescriptions = [] } =
        ResourceArns.length > 0 ? await elb.send(new DescribeTagsCommand({ ResourceArns })) : {};
      return {
        interfaces: NetworkInterfaces.filter((it) => mentions(it.TagSet)).length,
        leaked: NetworkInterfaces.filter((it) => mentions(it.TagSet) && it.Status === "available").length,
        volumes: Volumes.filter((it) => mentions(it.Tags)).length,
        loadBalancers: TagDescriptions.filter((it) => mentions(it.Tags)).length,
      };
    },
    stop: async () => {
      await ministack.stop();
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

async function startApart(settings: Omit<EksOptions, "report">) {
  const source = new URL("../../local/eks/eks.ts", import.meta.url).href;
  const script = `
    const { startEks } = await import(${JSON.stringify(source)});
    const eks = await startEks({ ...${JSON.stringify(settings)}, report: () => {} });
    console.log(eks.url);
    process.stdin.on("data", (name) => {
      const cluster = eks.clusters().find((it) => it.record.name === String(name));
      console.log(JSON.stringify(cluster?.pids ?? []));
    });`;
  const child = spawn(process.execPath, ["--input-type=module", "-e", script], { stdio: ["pipe", "pipe", "inherit"] });
  const lines = createInterface(child.stdout)[Symbol.asyncIterator]();
  const answer = async (): Promise<string> => (await lines.next()).value ?? "";
  return {
    url: await answer(),
    pidsOf: async (name: string): Promise<readonly number[]> => {
      child.stdin.write(name);
      return JSON.parse(await answer());
    },
    kill: async (): Promise<void> => {
      child.kill("SIGKILL");
      await once(child, "exit");
    },
  };
}

/** The bearer token of a cluster's administrator, past IAM. */
export function adminToken(dir: string, cluster: string): string {
  const kubeconfig = new KubeConfig();
  kubeconfig.loadFromFile(join(dir, "clusters", cluster, "admin.kubeconfig"));
  return kubeconfig.getCurrentUser()?.token ?? "";
}

/** A create call for a cluster whose nodes come from node groups. */
export function withNodeGroups(laptop: LaptopEks, name: string): CreateClusterCommandInput {
  const { computeConfig, storageConfig, kubernetesNetworkConfig, bootstrapSelfManagedAddons, ...rest } = autoMode(
    laptop,
    name,
  );
  return rest;
}

/** Has an access entry make a role of the laptop's account the cluster's administrator. */
export async function letIn(laptop: LaptopEks, client: EKSClient, clusterName: string, role: string): Promise<void> {
  const principalArn = `arn:aws:iam::${laptop.accountId}:role/${role}`;
  await client.send(new CreateAccessEntryCommand({ clusterName, principalArn, type: "STANDARD" }));
  await client.send(
    new AssociateAccessPolicyCommand({
      clusterName,
      principalArn,
      policyArn: "arn:aws:eks::aws:cluster-access-policy/AmazonEKSClusterAdminPolicy",
      accessScope: { type: "cluster" },
    }),
  );
}

/** A create call for an Auto Mode cluster. */
export function autoMode(laptop: LaptopEks, name: string): CreateClusterCommandInput {
  return {
    name,
    version: "1.36",
    roleArn: laptop.roles.cluster,
    resourcesVpcConfig: { subnetIds: laptop.subnetIds },
    accessConfig: { authenticationMode: "API", bootstrapClusterCreatorAdminPermissions: false },
    upgradePolicy: { supportType: "STANDARD" },
    computeConfig: {
      enabled: true,
      nodePools: ["general-purpose", "system"],
      nodeRoleArn: laptop.roles.node,
    },
    storageConfig: { blockStorage: { enabled: true } },
    kubernetesNetworkConfig: { elasticLoadBalancing: { enabled: true } },
    bootstrapSelfManagedAddons: false,
    tags: { purpose: "test" },
  };
}

export async function untilStatus(client: EKSClient, name: string, status: string): Promise<Cluster> {
  let last: Cluster | undefined;
  return eventually(
    `cluster ${name} ${status}`,
    async () => {
      last = (await client.send(new DescribeClusterCommand({ name }))).cluster;
      return last?.status === status ? last : undefined;
    },
    { everyMs: 100, withinMs: 60_000, last: () => last },
  );
}

export async function untilGone(client: EKSClient, name: string): Promise<void> {
  await eventually(
    `cluster ${name} gone`,
    () =>
      client.send(new DescribeClusterCommand({ name })).then(
        () => false as const,
        (error: unknown) => error instanceof Error && error.name === "ResourceNotFoundException",
      ),
    { everyMs: 100, withinMs: 30_000 },
  );
}

/** A bearer token for the cluster, signed by the session. */
export function tokenFor(laptop: LaptopEks, credentials: Session, cluster: string): Promise<string> {
  return clusterToken(new STSClient({ region: laptop.region, credentials }).config)(cluster);
}

/** GET as kubectl does it; trusts nothing but the cluster's own certificate. */
export function get(cluster: Cluster, path: string, token: string): Promise<number | undefined> {
  const ca = Buffer.from(cluster.certificateAuthority?.data ?? "", "base64");
  return new Promise((resolve, reject) => {
    const asked = request(
      `${cluster.endpoint}${path}`,
      { ca, headers: { authorization: `Bearer ${token}` }, agent: false },
      (answer) => {
        answer.resume();
        resolve(answer.statusCode);
      },
    );
    asked.on("error", reject);
    asked.end();
  });
}

/** The cluster's APIs for a bearer token. */
export function kubernetes(cluster: Cluster, token: string) {
  const config = new KubeConfig();
  const caData = cluster.certificateAuthority?.data ?? "";
  config.loadFromClusterAndUser(
    { name: "cluster", server: cluster.endpoint ?? "", caData, skipTLSVerify: false },
    { name: "caller", token },
  );
  return {
    core: config.makeApiClient(CoreV1Api),
    networking: config.makeApiClient(NetworkingV1Api),
    storage: config.makeApiClient(StorageV1Api),
  };
}
