// Schemas registered in the run's registry, each under a subject of its own.
import { randomUUID } from "node:crypto";
import { schemaRegistryUrl } from "../../../support/on-demand.ts";

export interface Reference {
  readonly name: string;
  readonly subject: string;
  readonly version: number;
}

/** Registers a schema under a new subject. */
export async function registered(
  schemaType: "AVRO" | "JSON" | "PROTOBUF",
  schema: string,
  references: readonly Reference[] = [],
): Promise<{ readonly id: number; readonly subject: string }> {
  const subject = `schemas-${randomUUID()}`;
  const response = await fetch(`${await schemaRegistryUrl()}/subjects/${subject}/versions`, {
    method: "POST",
    headers: { "content-type": "application/vnd.schemaregistry.v1+json" },
    body: JSON.stringify({ schema, schemaType, ...(references.length === 0 ? {} : { references }) }),
  });
  const body = (await response.json()) as { readonly id?: number };
  if (body.id === undefined) throw new Error(`The registry does not take the schema: ${JSON.stringify(body)}`);
  return { id: body.id, subject };
}
