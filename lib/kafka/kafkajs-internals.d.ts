// The one piece of kafkajs 2.2.4 below its public API that lib uses: how a Produce request becomes bytes. See produce-encoding.ts.

declare module "kafkajs/src/protocol/requests/produce/index.js" {
  import type { ProduceFields } from "./produce-request.ts";

  interface Encoded {
    readonly buf: Buffer;
    readonly buffer: Buffer;
  }
  interface Built {
    readonly request: { encode(): Promise<Encoded> } & Readonly<Record<string, unknown>>;
    readonly response: unknown;
  }
  const produce: {
    readonly versions: readonly string[];
    protocol(options: { readonly version: number }): (fields: ProduceFields) => Built;
  };
  export default produce;
}
