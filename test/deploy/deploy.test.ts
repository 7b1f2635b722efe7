// The life of a stage, without AWS: deployed, looked at, used, updated, failed and rolled back, removed. One step after the other.
import { GetFunctionConfigurationCommand, InvokeCommand, LambdaClient } from "@aws-sdk/client-lambda";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { mappingFaults } from "../../lib/deploy/smoke/mapping-faults.ts";
import { deployedStage } from "../../lib/deploy/smoke/stage.ts";
import { type Sample, samplesOf } from "../support/samples.ts";
import { type EventDeclaration, type FunctionDeclaration, serviceFunctions } from "../support/source-tree.ts";
import { inAccount } from "./account.ts";
import { accountEnvironment, type DeployedService, startDeployment } from "./deployed-service.ts";
import { startTraffic, type Traffic } from "./traffic.ts";

/** More than the emitter's time limit. */
const ANSWERED_WITHIN_MS = 120_000;

let service: DeployedService;
let traffic: Traffic | undefined;
let before: readonly string[];

beforeAll(async () => {
  service = await startDeployment();
  Object.assign(process.env, accountEnvironment(service.aws));
  before = await inAccount();
});
afterAll(async () => {
  await traffic?.stop();
  await service?.stop();
});

const isSchedule = ({ schedule }: EventDeclaration) => schedule !== undefined;
const nameOf = (key: string) => `${service.stackName}-${key}`;

describe("a stage", () => {
  it("is deployed by `serverless deploy`, with its databases made ready", async () => {
    const { code, output } = await service.deploy();
    expect(output).toContain(`Service deployed to stack ${service.stackName}`);
    expect(output).toContain('Databases are ready: {"ready": ["postgres", "trades"]}');
    expect(code).toBe(0);
    await service.prepare();
  });

  it("has the mappings that the template in force says, in force", async () => {
    const stage = deployedStage(service.stackName);
    const [template, ids] = await Promise.all([stage.template(), stage.resources()]);
    const mappings = Object.entries(template.Resources).filter(([, { Type }]) => Type.endsWith("EventSourceMapping"));
    const declared = Object.values(serviceFunctions()).flatMap(({ events }) => events.filter(({ kafka }) => kafka));
    expect(mappings.length).toBe(declared.length);
    for (const [id, resource] of mappings) {
      expect(resource.Properties?.DestinationConfig, id).toBeDefined();
      const deployed = await stage.mapping(ids.get(id)!);
      // MiniStack keeps neither Topics nor ProvisionedPollerConfig of a self-managed mapping.
      expect(mappingFaults(resource, deployed, { isEmulated: true }), id).toEqual([]);
    }
    stage.close();
  });

  it("turns real records into exact results: rides enriched once, windows emitted by the function that the schedule starts", async () => {
    traffic = await startTraffic(service);
    const [ridesFaults, windowFaults] = await Promise.all([traffic.rides(5.42), traffic.transactions()]);
    expect(ridesFaults).toEqual([]);
    expect(windowFaults).toEqual([]);
  });

  it("answers every function's sample event through the Lambda API, and its schedules fire", async () => {
    const functions = Object.entries(serviceFunctions());
    const scheduledOnly = ([, { events }]: (typeof functions)[number]) => events.length > 0 && events.every(isSchedule);
    // The emitter answers when its successor takes over, which is the one that the schedule starts next.
    const ticks = Promise.all(functions.filter(scheduledOnly).map(([key, declaration]) => faultsOf(key, declaration)));
    const faults: string[] = [];
    for (const [key, declaration] of functions.filter((each) => !scheduledOnly(each)))
      faults.push(...(await faultsOf(key, declaration)));
    expect([...faults, ...(await ticks).flat()]).toEqual([]);
  });

  it("is updated: what is read from parameters changes, and records go on", async () => {
    expect((await service.deploy({ params: { brlPerUsd: "6" } })).code).toBe(0);
    expect(await traffic?.rides(6)).toEqual([]);
  });

  it("is put back as it was by `serverless rollback`, parameters and all, and records go on", async () => {
    expect((await service.rollback()).code).toBe(0);
    expect(await traffic?.rides(5.42)).toEqual([]);
  });

  it("goes back to what it was when an update fails, and records go on", async () => {
    const asItWas = await configurationOf("enrichRides");
    const nowhere = "arn:aws:sqs:us-east-1:000000000000:nobody-made-this";
    const queue = {
      Type: "AWS::SQS::Queue",
      Properties: { RedrivePolicy: { deadLetterTargetArn: nowhere, maxReceiveCount: 3 } },
    };
    const { code, output } = await service.deploy({ params: { brlPerUsd: "7" }, resources: { Broken: queue } });
    expect(code).not.toBe(0);
    expect(output).toContain("Broken (AWS::SQS::Queue)");
    expect(await configurationOf("enrichRides")).toEqual(asItWas);
    expect(await traffic?.rides(5.42)).toEqual([]);
  });

  it("is removed, and leaves nothing but the pictures' bucket", async () => {
    await traffic?.stop();
    traffic = undefined;
    expect((await service.remove()).code).toBe(0);
    const left = (await inAccount()).filter((name) => !before.includes(name));
    expect(left).toEqual([expect.stringMatching(/^bucket .*chartsbucket/)]);
  });
});

/** Samples that agree on what a topic's offsets hold: of two of one topic the longer. Both would look like a topic that was made anew. */
function oneOfEachPartition(all: readonly Sample[]): readonly Sample[] {
  const topicsOf = ({ content }: Sample) => Object.keys(content.records ?? {});
  const longest = all.toSorted(
    (one, other) => JSON.stringify(other.content).length - JSON.stringify(one.content).length,
  );
  return longest.filter((sample, index) => {
    const taken = longest.slice(0, index).flatMap(topicsOf);
    return !topicsOf(sample).some((key) => taken.includes(key));
  });
}

/** What is wrong with what the function answers to its samples; one without events is asked with an empty one. */
async function faultsOf(key: string, declaration: FunctionDeclaration): Promise<readonly string[]> {
  const nothing = { path: "an empty event", content: {} };
  const asked = declaration.events.length === 0 ? [nothing] : oneOfEachPartition(samplesOf(declaration));
  const faults: string[] = [];
  for (const { path, content } of asked) {
    const { FunctionError, answer } = await answerTo(key, content);
    const said = `${path} with ${JSON.stringify(answer)}`;
    if (FunctionError !== undefined) faults.push(`${key} failed at ${said}`);
    else if (content.records && JSON.stringify(answer) !== '{"batchItemFailures":[]}')
      faults.push(`${key} answered ${said}`);
    else if (content.routeKey && answer.statusCode !== 202) faults.push(`${key} answered ${said}`);
  }
  return faults;
}

/** As a client that is told 503 does, it asks again. */
async function answerTo(key: string, event: unknown) {
  for (let left = 3; ; left--) {
    const answered = await invoke(nameOf(key), event);
    if (answered.answer?.statusCode !== 503 || left === 0) return answered;
  }
}

async function invoke(functionName: string, event: unknown) {
  const client = new LambdaClient({ maxAttempts: 1, requestHandler: { requestTimeout: ANSWERED_WITHIN_MS } });
  const command = new InvokeCommand({ FunctionName: functionName, Payload: JSON.stringify(event) });
  const { FunctionError, Payload } = await client.send(command);
  client.destroy();
  return { FunctionError, answer: JSON.parse(Buffer.from(Payload ?? "null").toString("utf8")) };
}

async function configurationOf(key: string) {
  const client = new LambdaClient();
  const command = new GetFunctionConfigurationCommand({ FunctionName: nameOf(key) });
  const { CodeSha256, Environment, Description } = await client.send(command);
  client.destroy();
  return { CodeSha256, Environment, Description };
}
