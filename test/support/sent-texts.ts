// What stands in the records that a run of the demo sends, for tests that look for it where it must not be. Records depend on seed and
// index, so that they can be made again; only their times are their run's own.

import { commerce } from "../../events/generate/commerce.ts";
import { allRecords, type TrafficGenerator } from "../../events/generate/generator.ts";
import { logins } from "../../events/generate/logins.ts";
import { rides } from "../../events/generate/rides.ts";
import { transactions } from "../../events/generate/transactions.ts";

export interface DemoTraffic {
  /** As `npm run demo -- --count`. */
  readonly count: number;
  readonly rate: number;
}

const SEED = 1;
/** Shorter ones are in everything. */
const SHORTEST = 6;
/** Users, their documents, devices, addresses and places: words of an enumeration have neither a digit nor a space. */
const telling = /[\d ]/;

/** Every telling text in every record, broken ones among them. */
export function sentTexts({ count, rate }: DemoTraffic): ReadonlySet<string> {
  const found = new Set<string>();
  const add = <Facts, Pools>(generator: TrafficGenerator<Facts, Pools>, records: number) => {
    // Broken ones are drawn otherwise than good ones: most of a run's are the same however many are broken.
    for (const badPercent of [0, 1, 5]) {
      const plan = { seed: SEED, start: Date.UTC(2000, 0, 1), count: records, rate, latePercent: 2, badPercent };
      for (const { value } of allRecords(generator, plan)) {
        for (const [, text = ""] of String(value).matchAll(/:\s*"((?:[^"\\]|\\.){1,200})"/g)) found.add(text);
      }
    }
  };
  add(rides, 2 * count);
  add(transactions, count);
  add(logins, count);
  add(commerce, Math.ceil(count / 5));
  return new Set([...found].filter((text) => text.length >= SHORTEST && telling.test(text)));
}

/** What of it a log holds; also records as they come in events, which are JSON in base64. */
export function leaksIn(log: string, texts: ReadonlySet<string>): readonly string[] {
  const encoded = [...log.matchAll(/\beyJ[\w+/]{16,}={0,2}/g)].map(([text]) => text);
  return [...[...texts].filter((text) => log.includes(text)), ...encoded];
}
