// An emitter that can't reach its table or Kafka: it tries again and answers as ever, so its alarm needs a metric.
import { afterEach, expect, it, vi } from "vitest";
import { routes } from "../../../functions/windows/routes.ts";

afterEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllEnvs();
});

it("what an emitter could not do is counted, for to Lambda its run is a success", async () => {
  const nowhere = { KAFKA_BROKERS: "127.0.0.1:1", AWS_ENDPOINT_URL_DYNAMODB: "http://127.0.0.1:1", EMIT_SECONDS: "1" };
  const account = { AWS_REGION: "eu-west-1", AWS_ACCESS_KEY_ID: "local", AWS_SECRET_ACCESS_KEY: "local" };
  for (const [name, value] of Object.entries({ ...nowhere, ...account, AWS_LAMBDA_FUNCTION_NAME: "emitWindows" }))
    vi.stubEnv(name, value);
  const lines: string[] = [];
  for (const output of [process.stdout, process.stderr]) {
    vi.spyOn(output, "write").mockImplementation((line) => lines.push(String(line)) > 0);
  }
  const { emission } = await import("../../../lib/windows/lambda.ts"); // reads the function's name when it is loaded
  const handler = emission(routes({ transactions: "sums", logins: "totals" }), { table: "windows" });
  await expect(handler({}, { getRemainingTimeInMillis: () => 60_000 })).resolves.toBeUndefined();

  const said = lines.map((line) => JSON.parse(line));
  expect(said).toContainEqual(expect.objectContaining({ level: "ERROR", message: "emission failed, trying again" }));
  expect(said).toContainEqual(expect.objectContaining({ service: "emitWindows", emissions_failed: 1 }));
});
