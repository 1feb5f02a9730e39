const alphabet = "abcdefghijklmnopqrstuvwxyz234567";

/** Bytes as lower-case base32 (RFC 4648) without padding; five bytes give eight characters, and bits that do not fill one are left out. */
export function base32(bytes: Uint8Array): string {
  const bits = [...bytes].map((it) => it.toString(2).padStart(8, "0")).join("");
  return (bits.match(/.{5}/g) ?? []).map((group) => alphabet[Number.parseInt(group, 2)]).join("");
}
