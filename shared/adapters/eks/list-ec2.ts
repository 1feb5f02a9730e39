import {
  paginateDescribeNetworkInterfaces,
  paginateDescribeSecurityGroups,
  paginateDescribeVolumes,
} from "@aws-sdk/client-ec2";
import type { EksAccount } from "./deployment.ts";
import { ownerFilters, type Tag } from "./naming.ts";
import type { Owned, OwnedKind, Owners } from "./owned.ts";

/** Every network interface that the owners' tags claim, whatever its state. */
export function listInterfaces({ ec2: client }: EksAccount, owners: Owners): Promise<Owned[]> {
  return list("network-interface", owners, async function* (filter) {
    for await (const page of paginateDescribeNetworkInterfaces({ client }, filter)) {
      for (const { NetworkInterfaceId: id, TagSet: tags, Status: status } of page.NetworkInterfaces ?? []) {
        yield { id, tags, ...(status && { status }) };
      }
    }
  });
}

/** Every security group that the owners' tags claim. */
export function listSecurityGroups({ ec2: client }: EksAccount, owners: Owners): Promise<Owned[]> {
  return list("security-group", owners, async function* (filter) {
    for await (const page of paginateDescribeSecurityGroups({ client }, filter)) {
      for (const { GroupId: id, Tags: tags } of page.SecurityGroups ?? []) yield { id, tags };
    }
  });
}

/** Every volume that the owners' tags claim, but for those that the cloud shows a while after their end. */
export function listVolumes({ ec2: client }: EksAccount, owners: Owners): Promise<Owned[]> {
  return list("volume", owners, async function* (filter) {
    for await (const page of paginateDescribeVolumes({ client }, filter)) {
      for (const { VolumeId: id, Tags: tags, State, CreateTime } of page.Volumes ?? []) {
        if (State !== "deleted") yield { id, tags, ...(CreateTime && { createdAt: CreateTime.getTime() }) };
      }
    }
  });
}

interface Seen extends Pick<Owned, "createdAt" | "status"> {
  readonly id: string | undefined;
  readonly tags: readonly Tag[] | undefined;
}

async function list(
  kind: OwnedKind,
  owners: Owners,
  pages: (filter: { Filters: { Name: string; Values: string[] }[] }) => AsyncIterable<Seen>,
): Promise<Owned[]> {
  const found = new Map<string, Owned>();
  for (const filter of ownerFilters(owners.pattern)) {
    for await (const { id, tags, ...facts } of pages({ Filters: [filter] })) {
      const cluster = owners.ownerIn(tags);
      if (id && cluster !== undefined) found.set(id, { kind, id, cluster, ...facts });
    }
  }
  return [...found.values()];
}
