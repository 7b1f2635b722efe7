// Which records of a fetch a reader of committed records may see, decided by the transactions' markers. kafkajs's own filter lets aborted
// records through where aborted transactions of several producers overlap: it takes them in the order of their ends, not of their starts.
// https://github.com/tulios/kafkajs/blob/v2.2.4/src/consumer/filterAbortedMessages.js
import type { Batch, KafkaMessage } from "kafkajs";

/** What kafkajs holds beside what its types say. */
type RawMessage = KafkaMessage & {
  readonly isControlRecord: boolean;
  readonly batchContext?: { readonly producerId?: string; readonly inTransaction?: boolean };
};

export interface Committed {
  /** In their order; of a transaction whose marker has not come, none, nor anything after its start. */
  readonly records: readonly KafkaMessage[];
  /** Where the first transaction starts whose marker has not come: to be fetched again from there. */
  readonly undecidedFrom?: number;
}

/** The batch's committed records, as far as its transactions are decided. */
export function committedRecords(batch: Batch): Committed {
  const { rawMessages } = batch as Batch & { readonly rawMessages: readonly RawMessage[] };
  const committed: RawMessage[] = [];
  const open = new Map<string, RawMessage[]>();
  for (const message of rawMessages) {
    const producer = String(message.batchContext?.producerId);
    if (message.isControlRecord) {
      if (isCommit(message)) committed.push(...(open.get(producer) ?? []));
      open.delete(producer);
    } else if (message.batchContext?.inTransaction === true) {
      const pending = open.get(producer);
      if (pending === undefined) open.set(producer, [message]);
      else pending.push(message);
    } else {
      committed.push(message);
    }
  }
  const records = committed.sort((one, other) => Number(one.offset) - Number(other.offset));
  if (open.size === 0) return { records };
  const undecidedFrom = Math.min(...[...open.values()].map(([first]) => Number(first?.offset)));
  return { records: records.filter(({ offset }) => Number(offset) < undecidedFrom), undecidedFrom };
}

/** A marker's key: a version and a type of two bytes each, 0 for an abort and 1 for a commit. */
function isCommit({ key }: KafkaMessage): boolean {
  return key?.readInt16BE(2) === 1;
}
