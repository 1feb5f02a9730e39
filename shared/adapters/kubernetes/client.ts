import {
  AppsV1Api,
  BatchV1Api,
  CoreV1Api,
  CustomObjectsApi,
  createConfiguration,
  HttpMethod,
  KubeConfig,
  type KubernetesObject,
  KubernetesObjectApi,
  NetworkingV1Api,
  type RequestContext,
  ServerConfiguration,
  StorageV1Api,
} from "@kubernetes/client-node";
import type { ClusterAddress } from "../../domain/cluster.ts";

/** The APIs of one cluster, for one bearer token. */
export interface KubernetesClient {
  readonly core: CoreV1Api;
  readonly apps: AppsV1Api;
  readonly batch: BatchV1Api;
  readonly networking: NetworkingV1Api;
  readonly storage: StorageV1Api;
  readonly custom: CustomObjectsApi;
  /** Any kind, by its manifest. */
  readonly objects: KubernetesObjectApi;
  /** The same for one object whose every field counts: the API above drops those that its models do not know, without a word. */
  readonly objectsAsWritten: (object: KubernetesObject) => KubernetesObjectApi;
}

type Settings = NonNullable<Parameters<typeof createConfiguration>[0]>;

function asWritten(object: KubernetesObject): NonNullable<Settings["promiseMiddleware"]>[number] {
  return {
    async pre(request) {
      if (request.getHttpMethod() === HttpMethod.PATCH) {
        request.setBody(JSON.stringify(object));
        request.setQueryParam("fieldValidation", "Strict");
      }
      return request;
    },
    post: async (response) => response,
  };
}

/** One request's time, connecting included: a step is a short look, and the next look comes soon. */
const requestTimeoutMilliseconds = 5_000;

/**
 * Calls `act` with a client, whose connections end with the call: the next one may be made by another function instance, and
 * a cluster that is gone must not keep this one's sockets open.
 */
export async function withClient<T>(
  { endpoint, certificateAuthority }: ClusterAddress,
  token: string,
  act: (client: KubernetesClient) => Promise<T>,
): Promise<T> {
  const kubeConfig = new KubeConfig();
  kubeConfig.loadFromClusterAndUser(
    { name: "cluster", server: endpoint, caData: certificateAuthority, skipTLSVerify: false },
    { name: "caller", token },
  );
  let dispatcher: ReturnType<RequestContext["getDispatcher"]>;
  const settings: Settings = {
    baseServer: new ServerConfiguration(endpoint, {}),
    authMethods: {
      default: {
        getName: () => "bearer token over one connection pool",
        async applySecurityAuthentication(request) {
          request.setSignal(AbortSignal.timeout(requestTimeoutMilliseconds));
          if (dispatcher) {
            // A KubeConfig makes a new connection pool for every request.
            request.setDispatcher(dispatcher);
            request.setHeaderParam("Authorization", `Bearer ${token}`);
          } else {
            await kubeConfig.applySecurityAuthentication(request);
            dispatcher = request.getDispatcher();
          }
        },
      },
    },
  };
  const configuration = createConfiguration(settings);
  try {
    return await act({
      core: new CoreV1Api(configuration),
      apps: new AppsV1Api(configuration),
      batch: new BatchV1Api(configuration),
      networking: new NetworkingV1Api(configuration),
      storage: new StorageV1Api(configuration),
      custom: new CustomObjectsApi(configuration),
      objects: new KubernetesObjectApi(configuration),
      objectsAsWritten: (object) =>
        new KubernetesObjectApi(createConfiguration({ ...settings, promiseMiddleware: [asWritten(object)] })),
    });
  } finally {
    await dispatcher?.destroy();
  }
}
