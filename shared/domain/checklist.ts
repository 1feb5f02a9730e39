import type { ClusterState } from "./lifecycle.ts";
import { after, type Instant } from "./time.ts";

/** Provisioning, in order. The state tells which part of the life cycle a step belongs to. */
export const provisionSteps = [
  { step: "create", state: "provisioning", budgetSeconds: 300 },
  { step: "wait", state: "provisioning", budgetSeconds: 1200 },
  { step: "access", state: "provisioning", budgetSeconds: 300 },
  { step: "nodes", state: "provisioning", budgetSeconds: 1200 },
  { step: "bootstrap", state: "provisioning", budgetSeconds: 300 },
  { step: "validate", state: "validating", budgetSeconds: 900 },
] as const satisfies readonly ChecklistStep[];

/**
 * Tear-down, in the only order that leaks nothing: credentials first, then a look at everything there is, so that the report
 * can tell what became of it; then what the cluster's own controllers made, while they still run; compute and leaked
 * interfaces before the cluster, whose subnets they hold; then proof, then the volumes that the cloud keeps. The first three
 * are not worth a stop: past their budget the tear-down goes on without them, since the cluster's end voids its credentials
 * and the sweep finds what its controllers left.
 * Source of the order: eksctl, aws-k8s-tester `eksapi`, cloud-nuke.
 */
export const teardownSteps = [
  { step: "revoke", state: "draining", budgetSeconds: 300, overBudget: "proceed" },
  { step: "inventory", state: "draining", budgetSeconds: 300, overBudget: "proceed" },
  { step: "externals", state: "draining", budgetSeconds: 600, overBudget: "proceed" },
  { step: "compute", state: "deleting", budgetSeconds: 1200, overBudget: "quarantine" },
  { step: "interfaces", state: "deleting", budgetSeconds: 600, overBudget: "quarantine" },
  { step: "cluster", state: "deleting", budgetSeconds: 1200, overBudget: "quarantine" },
  { step: "verify", state: "deleting", budgetSeconds: 1200, overBudget: "quarantine" },
  { step: "sweep", state: "deleting", budgetSeconds: 600, overBudget: "quarantine" },
] as const satisfies readonly ChecklistStep[];

interface ChecklistStep {
  readonly step: string;
  readonly state: ClusterState;
  /** A step that takes longer than this has failed for good. */
  readonly budgetSeconds: number;
  readonly overBudget?: "proceed" | "quarantine";
}

/** Seconds by step. */
export type StepBudgets = Readonly<Partial<Record<ProvisionStep | TeardownStep, number>>>;
export type ProvisionStep = (typeof provisionSteps)[number]["step"];
export type TeardownStep = (typeof teardownSteps)[number]["step"];

/** Where a cluster is on its checklist. `dueAt` is when the next attempt is expected: long past it, the message was lost. */
export interface Progress<Step extends string> {
  readonly step: Step;
  readonly startedAt: Instant;
  readonly attempts: number;
  readonly dueAt: Instant;
  /** What the last attempt saw, in one line for an operator: "nodes Ready 1 of 2". */
  readonly note?: string;
}

/** A fresh entry into `step`, due at once. */
export function enter<Step extends string>(step: Step, now: Instant): Progress<Step> {
  return { step, startedAt: now, attempts: 0, dueAt: now };
}

/** The step that follows; `undefined` after the last. */
export function stepAfter<Step extends ProvisionStep | TeardownStep>(
  list: readonly { readonly step: Step }[],
  step: Step,
): Step | undefined {
  return list[list.findIndex((it) => it.step === step) + 1]?.step;
}

/** Attempts that a step gets in any case: time that passes while our own messages are late is not the cloud's. */
const leastAttempts = 3;

/**
 * True when the step has used up its time, in attempts that were really made.
 *
 * @param budgets of the cluster's pool, for steps whose time is not the usual one.
 */
export function isOverBudget(
  progress: Progress<ProvisionStep | TeardownStep>,
  now: Instant,
  budgets: StepBudgets = {},
): boolean {
  if (progress.attempts < leastAttempts) return false;
  const all: readonly ChecklistStep[] = [...provisionSteps, ...teardownSteps];
  const budget = budgets[progress.step] ?? all.find((it) => it.step === progress.step)?.budgetSeconds ?? 0;
  return after(progress.startedAt, budget) < now;
}

/** The progress after an attempt that must be made again. */
export function again<Step extends string>(
  progress: Progress<Step>,
  now: Instant,
  afterSeconds: number,
  note: string,
): Progress<Step> {
  return { ...progress, attempts: progress.attempts + 1, dueAt: now + afterSeconds * 1000, note };
}

/** Place of a step for people: `{ n: 2, m: 5 }` for the second of five. */
export function placeOf(step: ProvisionStep | TeardownStep): { readonly n: number; readonly m: number } {
  const list = provisionSteps.some((it) => it.step === step) ? provisionSteps : teardownSteps;
  return { n: list.findIndex((it) => it.step === step) + 1, m: list.length };
}
