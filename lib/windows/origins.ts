// Counts a record that is sent again once: a dead letter that was mended and came back may come back twice (replayed by hand after it was
// corrected, or left behind by a transaction that was tried again), each time under another offset and with the same header `origin`.
//
// Which of them counts is decided once, by a conditional write: the first to come, for good. A record without the header costs nothing.

import type { Measured } from "../kafka/consume.ts";
import { ORIGIN_HEADER, originOf, originText } from "../kafka/origin.ts";
import type { Batch, Decoded } from "../kafka/source.ts";

/** Who counts for an origin. */
export interface Origins {
  /** Claims the origin for a record; whether it is this record's now, or was before. */
  claim(origin: string, record: string): Promise<boolean>;
}

type Process<V> = (batch: Batch<V>) => Promise<Measured>;

/** `process` without the records whose origin another record counts for. The batch keeps its offsets. */
export function onceByOrigin<V>(process: Process<V>, origins: Origins): Process<V> {
  const counts = async (record: Decoded<V>) => !isSentAgain(record) || origins.claim(originKey(record), nameOf(record));
  return async (batch) => {
    if (!batch.records.some(isSentAgain)) return process(batch);
    const records: Decoded<V>[] = [];
    for (let at = 0; at < batch.records.length; at += AT_ONCE) {
      const share = batch.records.slice(at, at + AT_ONCE);
      const isCounted = await Promise.all(share.map(counts));
      records.push(...share.filter((_, index) => isCounted[index]));
    }
    return process({ ...batch, records });
  };
}

/** Origins in memory. */
export function memoryOrigins(): Origins {
  const claimed = new Map<string, string>();
  return {
    async claim(origin, record) {
      if (!claimed.has(origin)) claimed.set(origin, record);
      return claimed.get(origin) === record;
    },
  };
}

const AT_ONCE = 64;

function isSentAgain({ wire }: Decoded<unknown>): boolean {
  return wire.headers.some((header) => Object.hasOwn(header, ORIGIN_HEADER));
}

function originKey(record: Decoded<unknown>): string {
  return originText(originOf(record));
}

/** Where it stands and since when: a topic that was made anew has other records at its offsets. */
function nameOf({ topic, partition, offset, timestamp }: Decoded<unknown>): string {
  return `${originText({ topic, partition, offset })}@${timestamp}`;
}
