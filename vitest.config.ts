import { defineConfig } from "vitest/config";

const project = (name: string, options: object = {}) => ({
  extends: true as const,
  test: { name, include: [`test/${name}/**/*.test.ts`], ...options },
});

export default defineConfig({
  test: {
    projects: [
      project("unit"),
      project("contract", { testTimeout: 30_000, hookTimeout: 60_000 }),
      project("simulation", { testTimeout: 120_000 }),
      project("history", { hookTimeout: 60_000 }),
      project("infra", { testTimeout: 60_000, hookTimeout: 120_000 }),
      project("integration", { testTimeout: 60_000, hookTimeout: 1_800_000, fileParallelism: false }),
      // A file is a pool of its own, and mostly waits.
      project("faults", {
        globalSetup: "test/support/fault-deployment.ts",
        testTimeout: 240_000,
        hookTimeout: 1_800_000,
        maxWorkers: 4,
        sequence: { groupOrder: 1 },
      }),
      project("chaos"),
      project("e2e", {
        globalSetup: "test/support/deployment.ts",
        testTimeout: 180_000,
        hookTimeout: 1_800_000,
        fileParallelism: false,
      }),
    ],
  },
});
