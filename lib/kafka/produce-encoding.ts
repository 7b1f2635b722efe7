// Has kafkajs send transactional requests in our own encoding: the same bytes at a seventh of the CPU time (test/lib/kafka/produce-request.test.ts
// compares them with kafkajs's own). Requests that are not plain, and a kafkajs that is not built as 2.2.4 is, keep kafkajs's encoder.

import produce from "kafkajs/src/protocol/requests/produce/index.js";
import { encodeProduceRequest, isPlain } from "./produce-request.ts";

/** The first version whose requests carry record batches and transactions, and the last one with this form. */
const [FIRST_VERSION, LAST_VERSION] = [3, 7];
let isInstalled = false;

/** Once per process; every producer made from then on sends so. */
export function useOwnProduceEncoding(): void {
  if (isInstalled || typeof produce?.protocol !== "function") return;
  isInstalled = true;
  const { protocol } = produce;
  produce.protocol = ({ version }) => {
    const build = protocol({ version });
    if (version < FIRST_VERSION || version > LAST_VERSION) return build;
    return (fields) => {
      const built = build(fields);
      if (!isPlain(fields)) return built;
      const encode = async () => {
        const buffer = encodeProduceRequest(fields, Date.now());
        return { buf: buffer, buffer };
      };
      return { ...built, request: { ...built.request, encode } };
    };
  };
}
