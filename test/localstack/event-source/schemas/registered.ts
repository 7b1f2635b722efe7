// Registries of a test's own, and keys and values as their clients write them.
import { randomUUID } from "node:crypto";
import avro, { type Schema } from "avsc";
import type { RegisteredSchema, Registry } from "../../../../localstack/event-source/schemas/registry.ts";

/** A registry in memory that answers when the test lets it. */
export class HeldRegistry implements Registry {
  readonly kind = "confluent";
  readonly address = "memory";
  readonly asked: string[] = [];
  readonly schemas = new Map<string, RegisteredSchema>();
  private gate = Promise.resolve();

  /** Answers wait until the function that is returned is called. */
  hold(): () => void {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.gate = promise;
    return resolve;
  }

  /** Answers are errors until `hold` or `answer` is called. */
  fail(): void {
    this.gate = Promise.reject(new Error("away"));
    this.gate.catch(() => {});
  }

  answer(): void {
    this.gate = Promise.resolve();
  }

  async schema(id: string): Promise<RegisteredSchema | undefined> {
    this.asked.push(id);
    await this.gate;
    return this.schemas.get(id);
  }

  close(): void {}
}

export const NUMBER: RegisteredSchema = { dataFormat: "AVRO", text: '"int"', references: [] };

/** Confluent's prefix and a payload. */
export function framed(id: number, payload: Uint8Array): Buffer {
  const prefix = Buffer.alloc(5);
  prefix.writeUInt32BE(id, 1);
  return Buffer.concat([prefix, payload]);
}

/** A number under the schema `NUMBER`. */
export function numberUnder(id: number, value: number): Buffer {
  return framed(id, avroBytes("int", value));
}

export function avroBytes(schema: Schema, value: unknown): Buffer {
  return avro.Type.forSchema(schema).toBuffer(value);
}

export type Attribute = "KEY" | "VALUE";

/** Settings of a mapping with a registry: a group of its own, records as they come. */
export function readingSettings(uri: string, format: string, ...attributes: readonly Attribute[]) {
  const SchemaRegistryConfig = {
    SchemaRegistryURI: uri,
    EventRecordFormat: format,
    SchemaValidationConfigs: attributes.map((Attribute) => ({ Attribute })),
  };
  return {
    ProvisionedPollerConfig: { MinimumPollers: 1 },
    MaximumBatchingWindowInSeconds: 0,
    SelfManagedKafkaEventSourceConfig: { ConsumerGroupId: randomUUID(), SchemaRegistryConfig },
  };
}
