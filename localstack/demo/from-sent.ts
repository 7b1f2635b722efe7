// Which of the records that were read back came from those that were sent: on a broker that others use, theirs are left out.
import { place, type Received, type Sent } from "./records.ts";

/** Whether a dead letter or a late record says it came from one of the sent records. */
export function cameFrom(
  topic: string,
  sent: readonly Sent[],
  prefix: "dead-letter" | "late",
): (record: Received) => boolean {
  const origins = new Set(sent.map((record) => place({ topic, ...record })));
  return ({ headers }) => {
    const [from = "", partition, offset] = ["topic", "partition", "offset"].map((name) => headers[`${prefix}.${name}`]);
    return origins.has(place({ topic: from, partition: Number(partition), offset: Number(offset) }));
  };
}
