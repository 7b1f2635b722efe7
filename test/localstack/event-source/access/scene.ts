// A mapping at a broker that asks who is there: its secrets in files, its topic and permissions made by the open listener.
import { randomUUID } from "node:crypto";
import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { EventSource } from "../../../../localstack/event-source/event-source.ts";
import { createTopics } from "../../../../localstack/services/topics.ts";
import { kafkaClient } from "../../../support/kafka.ts";
import { allow, type SecureKafka } from "../../../support/secure-kafka.ts";
import { until } from "../../../support/until.ts";
import { committed, RecordingInvoker, type RunOptions, recordsOf, run, textOf } from "../running.ts";

const folder = mkdtempSync(join(tmpdir(), "access-"));

/** Secrets by ARN, each a file that stands for it. */
export class Secrets {
  readonly files = new Map<string, string>();

  /** A secret with this content; answers its ARN. */
  put(content: object): string {
    const arn = `arn:aws:secretsmanager:us-east-1:000000000000:secret:${randomUUID()}-AbCdEf`;
    this.files.set(arn, join(folder, randomUUID()));
    this.change(arn, content);
    return arn;
  }

  change(arn: string, content: object): void {
    writeFileSync(this.files.get(arn) ?? "", JSON.stringify(content));
  }
}

export interface Scene {
  readonly secure: SecureKafka;
  readonly topic: string;
  readonly group: string;
  readonly secrets: Secrets;
  readonly invoker: RecordingInvoker;
  readonly logged: { readonly message: string; readonly facts: Readonly<Record<string, unknown>> }[];
}

/** A topic with three records. `user` may read it in the scene's group; nobody when there is none. */
export async function sceneAt(secure: SecureKafka, user?: string): Promise<Scene> {
  const topic = `access-${randomUUID().slice(0, 8)}`;
  const group = `group-${topic}`;
  await createTopics(secure.open, { [topic]: { partitions: 1 } });
  if (user !== undefined) await allow(secure, user, { topic, group });
  await send(secure, topic, ["0", "1", "2"]);
  return { secure, topic, group, secrets: new Secrets(), invoker: new RecordingInvoker(), logged: [] };
}

export async function send({ open }: SecureKafka, topic: string, values: readonly string[]): Promise<void> {
  const producer = kafkaClient(open).producer({ idempotent: true });
  await producer.connect();
  try {
    await producer.send({ topic, messages: values.map((value) => ({ value })), acks: -1 });
  } finally {
    await producer.disconnect();
  }
}

/** The scene's mapping at this address; `access` as type and URI. */
export function runAt(
  scene: Scene,
  brokers: string,
  access: readonly (readonly [type: string, uri: string])[],
  more: Partial<RunOptions> = {},
): Promise<EventSource> {
  const { topic, group, secrets, invoker, logged } = scene;
  const settings = {
    SelfManagedKafkaEventSourceConfig: { ConsumerGroupId: group },
    SourceAccessConfigurations: access.map(([Type, URI]) => ({ Type, URI })),
    ...more.settings,
  };
  return run({
    ...{ topic, invoker, brokers: [brokers], access: "template", secretFiles: secrets.files, environment: {} },
    log: (message, facts) => logged.push({ message, facts }),
    ...more,
    settings,
  });
}

/** Resolves when the group has committed all of them, and nothing but the records was sent to the function. */
export async function untilRead({ secure, topic, group, invoker }: Scene, values: readonly string[]): Promise<void> {
  await until(
    async () => (await committed(group, topic, [secure.open]))[0] === values.length,
    `${values.length} records committed`,
  );
  const sent = [...new Set(invoker.events.flatMap(recordsOf).map(textOf))];
  if (sent.join() !== values.join()) throw new Error(`the function was sent ${sent}, not ${values}`);
}
