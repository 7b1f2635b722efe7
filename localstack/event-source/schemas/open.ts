// The deserializer of a mapping that has a schema registry, with the registry that is in force.
import type { SecretsOptions } from "../access/secrets.ts";
import type { Clock } from "../clock.ts";
import type { Observe } from "../observe/happening.ts";
import type { Mapping, SchemaRegistry } from "../template/mapping.ts";
import { confluentRegistry } from "./confluent.ts";
import { registryConnection } from "./connection.ts";
import { Deserializer } from "./deserializer.ts";
import { glueRegistry } from "./glue.ts";
import type { Registry } from "./registry.ts";
import { SchemaCache } from "./schema-cache.ts";

export interface RegistryOptions extends SecretsOptions {
  /** The address of a registry with Confluent's API in force instead of the mappings'; their access configurations don't apply to it. */
  readonly registry?: string;
}

export interface OpenDeserializer {
  readonly deserializer: Deserializer;
  close(): void;
}

/** Undefined for a mapping without a registry. Rejects when a secret can't be read; whether the registry answers is not asked yet. */
export async function openDeserializer(
  { schemaRegistry: config, isEnabled }: Mapping,
  around: {
    readonly options: RegistryOptions;
    readonly clock: Clock;
    readonly observe: Observe;
    log(message: string, facts: Readonly<Record<string, unknown>>): void;
  },
): Promise<OpenDeserializer | undefined> {
  if (config === undefined || !isEnabled) return undefined;
  const { options, clock, observe, log } = around;
  const registry = await registryOf(config, options);
  const failed = (error: Error) => observe({ kind: "registry-failed", error });
  const cache = new SchemaCache({ registry, clock, log, failed });
  return {
    deserializer: new Deserializer({ config, kind: registry.kind, cache }),
    close: () => registry.close(),
  };
}

async function registryOf({ uri, access }: SchemaRegistry, options: RegistryOptions): Promise<Registry> {
  if (uri.startsWith("arn:")) return glueRegistry(uri, options);
  const given = options.registry;
  const connection = await registryConnection({
    ...{ url: given ?? uri, secrets: options },
    access: given === undefined ? access : [],
  });
  return confluentRegistry(connection);
}
