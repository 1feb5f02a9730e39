import type { PartKind } from "./cluster-record.ts";

/** What a call to the EKS API asks for, as far as it matters here. */
export type Operation =
  | { readonly kind: "CreateCluster" | "ListClusters" | "DescribeClusterVersions" | "DescribeAddonVersions" | "Other" }
  | { readonly kind: "DescribeCluster" | "DeleteCluster" | "UpdateClusterConfig"; readonly cluster: string }
  | { readonly kind: "CreatePart" | "ListParts"; readonly cluster: string; readonly part: PartKind }
  | {
      readonly kind: "DescribePart" | "DeletePart";
      readonly cluster: string;
      readonly part: PartKind;
      readonly name: string;
    }
  | { readonly kind: "TagResource" | "UntagResource" | "ListTagsForResource"; readonly arn: string };

const partsByPath: Readonly<Record<string, PartKind>> = { "node-groups": "nodegroup", addons: "addon" };

/** Which call a method and path (without the query) are. */
export function operationOf(method: string, path: string): Operation {
  const [root, ...rest] = path.split("/").slice(1).map(decode);
  if (root === "cluster-versions" && method === "GET") return { kind: "DescribeClusterVersions" };
  if (root === "addons" && rest.join("/") === "supported-versions" && method === "GET") {
    return { kind: "DescribeAddonVersions" };
  }
  if (root === "tags") return tagging(method, rest.join("/"));
  if (root !== "clusters") return { kind: "Other" };
  const [cluster, collection, name] = rest;
  switch (rest.length) {
    case 0:
      if (method === "POST") return { kind: "CreateCluster" };
      return { kind: method === "GET" ? "ListClusters" : "Other" };
    case 1:
      if (cluster === undefined) break;
      if (method === "GET") return { kind: "DescribeCluster", cluster };
      if (method === "DELETE") return { kind: "DeleteCluster", cluster };
      break;
    case 2:
    case 3:
      if (cluster === undefined || collection === undefined) break;
      if (collection === "update-config" && method === "POST") return { kind: "UpdateClusterConfig", cluster };
      return aboutParts(method, cluster, partsByPath[collection], name);
  }
  return { kind: "Other" };
}

function aboutParts(method: string, cluster: string, part: PartKind | undefined, name: string | undefined): Operation {
  if (part === undefined) return { kind: "Other" };
  if (name === undefined) {
    if (method === "POST") return { kind: "CreatePart", cluster, part };
    return method === "GET" ? { kind: "ListParts", cluster, part } : { kind: "Other" };
  }
  if (method === "GET") return { kind: "DescribePart", cluster, part, name };
  return method === "DELETE" ? { kind: "DeletePart", cluster, part, name } : { kind: "Other" };
}

function tagging(method: string, arn: string): Operation {
  if (method === "POST") return { kind: "TagResource", arn };
  if (method === "DELETE") return { kind: "UntagResource", arn };
  return method === "GET" ? { kind: "ListTagsForResource", arn } : { kind: "Other" };
}

function decode(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
}
