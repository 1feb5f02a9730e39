/** Kinds of EC2 instances that need different images. */
export type InstanceKind = "x86" | "arm" | "nvidia" | "neuron";

/**
 * Which kind an instance type is, by the naming convention of EC2 ("Amazon EC2 instance type naming conventions"): the letter
 * `g` after the generation is a Graviton processor; families that begin with `g` or `p` have graphics processors.
 *
 * Example: `m7g.large` → arm, `m7i.large` → x86, `g5.xlarge` → nvidia, `inf2.xlarge` → neuron.
 */
export function instanceKindOf(instanceType: string): InstanceKind {
  const [family = ""] = instanceType.split(".");
  if (family === "a1" || /^[a-z]+\d+g/.test(family)) return "arm";
  if (/^(inf|trn)\d/.test(family)) return "neuron";
  return /^(p|g|gr)\d/.test(family) && !/^g\d+ad/.test(family) ? "nvidia" : "x86";
}
