// Five projects: `unit` (no I/O, all in seconds), `integration` (real broker, DynamoDB Local; one of each shared by all suites), `demo` (the
// demo as a user starts it, with nothing beside it), `deploy` (the service deployed to MiniStack and removed, one step after the other) and
// `localstack` (stage `local`, at LocalStack).
import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: "unit",
          testTimeout: 300_000,
          include: ["test/**/*.test.ts"],
          exclude: ["test/**/*.int.test.ts", "test/demo/**", "test/deploy/**", "test/**/*.localstack.test.ts"],
        },
      },
      {
        test: {
          name: "integration",
          include: ["test/**/*.int.test.ts"],
          globalSetup: ["test/support/services.ts"],
          testTimeout: 900_000, // a machine that is slow fails nothing
          hookTimeout: 900_000,
          maxWorkers: 3, // of two cores: many suites wait for time limits, restarts and rebalances
        },
      },
      {
        test: {
          name: "demo",
          include: ["test/demo/*.test.ts"],
          testTimeout: 900_000,
        },
      },
      {
        test: {
          name: "localstack",
          include: ["test/**/*.localstack.test.ts"],
          testTimeout: 300_000,
          hookTimeout: 900_000, // the first time it is installed
          bail: 1,
        },
      },
      {
        test: {
          name: "deploy",
          include: ["test/deploy/*.test.ts"],
          testTimeout: 300_000,
          hookTimeout: 300_000,
          bail: 1,
        },
      },
    ],
  },
});
