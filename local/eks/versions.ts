import type { JsonObject } from "./json.ts";

interface Version {
  readonly version: string;
  readonly patch: string;
  readonly released: string;
  readonly endOfStandardSupport: string;
  readonly endOfExtendedSupport: string;
}

/** As EKS's release calendar has them, newest first; the control plane that runs on the laptop is the newest, whatever was asked for. */
const calendar: readonly Version[] = [
  version("1.36", "1.36.3", "2026-06-03", "2027-08-03", "2028-08-03"),
  version("1.35", "1.35.5", "2026-01-27", "2027-03-27", "2028-03-27"),
  version("1.34", "1.34.8", "2025-10-02", "2026-12-02", "2027-12-02"),
  version("1.33", "1.33.12", "2025-05-29", "2026-07-29", "2027-07-29"),
  version("1.32", "1.32.13", "2025-01-23", "2026-03-23", "2027-03-23"),
  version("1.31", "1.31.14", "2024-09-26", "2025-11-26", "2026-11-26"),
];

export const defaultVersion = "1.36";

function version(
  name: string,
  patch: string,
  released: string,
  endOfStandardSupport: string,
  endOfExtendedSupport: string,
): Version {
  return { version: name, patch, released, endOfStandardSupport, endOfExtendedSupport };
}

/** So many of the newest stay in standard support, for at least so long: an old checkout must start as it did when it was new. */
const lasting = { versions: 2, milliseconds: 365 * 86_400_000 };

function versionsAt(now: number): readonly Version[] {
  return calendar.map((it, place) => {
    const earliest = new Date(now + lasting.milliseconds).toISOString();
    if (place >= lasting.versions || it.endOfStandardSupport > earliest) return it;
    return { ...it, endOfStandardSupport: earliest };
  });
}

/** Whether a cluster of this version can be asked for at `now`, in milliseconds. */
export function isOffered(name: string, now: number): boolean {
  return versionsAt(now).some((it) => it.version === name && statusOf(it, now) !== "UNSUPPORTED");
}

/** The versions that a cluster can be asked for at `now`, in milliseconds. */
export function offeredVersions(now: number): readonly string[] {
  return calendar.map((it) => it.version).filter((it) => isOffered(it, now));
}

/** The answer to `DescribeClusterVersions` at `now`, in milliseconds; `withdrawn` versions are not in it. */
export function describeVersions(query: URLSearchParams, now: number, withdrawn: readonly string[] = []): JsonObject {
  const wanted = query.getAll("clusterVersions").flatMap((it) => it.split(","));
  const status = query.get("versionStatus") ?? query.get("status")?.toUpperCase();
  const clusterVersions = versionsAt(now)
    .filter((it) => !withdrawn.includes(it.version))
    .filter((it) => wanted.length === 0 || wanted.includes(it.version))
    .filter((it) => query.get("defaultOnly") !== "true" || it.version === defaultVersion)
    .filter((it) => statusOf(it, now) !== "UNSUPPORTED" || query.get("includeAll") === "true")
    .filter((it) => status === undefined || status === null || statusOf(it, now) === status)
    .map((it) => ({
      clusterVersion: it.version,
      clusterType: "eks",
      defaultPlatformVersion: "eks.1",
      defaultVersion: it.version === defaultVersion,
      kubernetesPatchVersion: it.patch,
      releaseDate: seconds(it.released),
      endOfStandardSupportDate: seconds(it.endOfStandardSupport),
      endOfExtendedSupportDate: seconds(it.endOfExtendedSupport),
      status: statusOf(it, now).toLowerCase(),
      versionStatus: statusOf(it, now),
    }));
  return { clusterVersions };
}

function statusOf(it: Version, now: number): "STANDARD_SUPPORT" | "EXTENDED_SUPPORT" | "UNSUPPORTED" {
  if (now < Date.parse(it.endOfStandardSupport)) return "STANDARD_SUPPORT";
  return now < Date.parse(it.endOfExtendedSupport) ? "EXTENDED_SUPPORT" : "UNSUPPORTED";
}

function seconds(date: string): number {
  return Date.parse(date) / 1_000;
}
