// A record from the wire with its decoded value. Key and headers are decoded when they are asked for, which most pipelines never do.

import type { WireHeader, WireRecord } from "./event.ts";
import type { Decoded, RecordHeader } from "./source.ts";

/** A class, not a literal with closures: there are ten thousand of them a batch, gone with it. */
export class DecodedRecord<V> implements Decoded<V> {
  readonly wire: WireRecord;
  readonly value: V;

  constructor(wire: WireRecord, value: V) {
    this.wire = wire;
    this.value = value;
  }

  get topic(): string {
    return this.wire.topic;
  }

  get partition(): number {
    return this.wire.partition;
  }

  get offset(): number {
    return this.wire.offset;
  }

  get timestamp(): number {
    return this.wire.timestamp;
  }

  get key(): Buffer | null {
    return bytesOf(this.wire.key);
  }

  get headers(): readonly RecordHeader[] {
    return headersOf(this.wire);
  }
}

/** The bytes of a key or a value; null where it is absent or null. */
export function bytesOf(base64: string | null | undefined): Buffer | null {
  return base64 == null ? null : Buffer.from(base64, "base64");
}

/** The headers in their order, repeated names kept. The wire's bytes are signed. */
export function headersOf({ headers }: WireRecord): RecordHeader[] {
  return (headers ?? []).flatMap((header: WireHeader) =>
    Object.entries(header).map(([name, bytes]) => ({ name, value: bytes === null ? null : Buffer.from(bytes) })),
  );
}
