import type { PartKind } from "./cluster-record.ts";
import type { Operation } from "./operations.ts";

const partOperations = {
  nodegroup: {
    CreatePart: "CreateNodegroup",
    ListParts: "ListNodegroups",
    DescribePart: "DescribeNodegroup",
    DeletePart: "DeleteNodegroup",
  },
  addon: {
    CreatePart: "CreateAddon",
    ListParts: "ListAddons",
    DescribePart: "DescribeAddon",
    DeletePart: "DeleteAddon",
  },
} as const satisfies Readonly<Record<PartKind, object>>;

const accessOperations = {
  "POST 1": "CreateAccessEntry",
  "GET 1": "ListAccessEntries",
  "GET 2": "DescribeAccessEntry",
  "POST 2": "UpdateAccessEntry",
  "DELETE 2": "DeleteAccessEntry",
  "POST 3": "AssociateAccessPolicy",
  "GET 3": "ListAssociatedAccessPolicies",
  "DELETE 4": "DisassociateAccessPolicy",
} as const;

/** The names that the EKS API gives the calls that are told apart here. */
export const operationNames = [
  "CreateCluster",
  "DescribeCluster",
  "ListClusters",
  "UpdateClusterConfig",
  "DeleteCluster",
  "DescribeClusterVersions",
  "DescribeAddonVersions",
  ...Object.values(partOperations.nodegroup),
  ...Object.values(partOperations.addon),
  ...Object.values(accessOperations),
  "TagResource",
  "UntagResource",
  "ListTagsForResource",
] as const;
export type OperationName = (typeof operationNames)[number];

/** The EKS API's name for a call; undefined for calls that nobody asks about here. */
export function operationName(operation: Operation, method: string, path: string): OperationName | undefined {
  switch (operation.kind) {
    case "CreatePart":
    case "ListParts":
    case "DescribePart":
    case "DeletePart":
      return partOperations[operation.part][operation.kind];
    case "Other":
      return accessOperation(method, path);
    default:
      return operation.kind;
  }
}

/** The cluster in the path of a call; undefined for calls about no cluster. */
export function clusterInPath(path: string): string | undefined {
  return /^\/clusters\/([^/]+)/.exec(path)?.[1];
}

function accessOperation(method: string, path: string): OperationName | undefined {
  const [root, , collection, ...rest] = path.split("/").slice(1);
  if (root !== "clusters" || collection !== "access-entries") return undefined;
  const key = `${method} ${rest.length + 1}`;
  return Object.hasOwn(accessOperations, key) ? accessOperations[key as keyof typeof accessOperations] : undefined;
}
