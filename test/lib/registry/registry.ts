// A registry in memory, for suites that do no I/O: ids count from 1, schemas are kept as they come.
import type { RegisteredSchema, SchemaRegistry } from "../../../lib/registry/client.ts";

export interface MemoryRegistry extends SchemaRegistry {
  /** Registers any schema, whatever its kind. */
  add(schema: Partial<RegisteredSchema> & { readonly text: string }): number;
  /** Ids asked for, in order. */
  readonly asked: number[];
  /** While set, every call fails with it. */
  failure: Error | undefined;
}

export function memoryRegistry(): MemoryRegistry {
  const schemas: RegisteredSchema[] = [];
  const registry: MemoryRegistry = {
    asked: [],
    failure: undefined,
    add: (schema) => schemas.push({ kind: "AVRO", hasReferences: false, ...schema }),
    async schema(id) {
      registry.asked.push(id);
      if (registry.failure) throw registry.failure;
      return schemas[id - 1];
    },
    async register(_subject, text) {
      if (registry.failure) throw registry.failure;
      const known = schemas.findIndex((schema) => schema.text === text);
      return known < 0 ? registry.add({ text }) : known + 1;
    },
  };
  return registry;
}
