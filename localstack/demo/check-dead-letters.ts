// Whether every bad record, and no other, is in the dead-letter topic once, with the very bytes that were sent.
import { isValid } from "../../events/generate/generator.ts";
import { place, type Received, type Sent } from "./records.ts";

/** One sentence for each thing that is wrong; none when all is right. `topic` is where the records were sent. */
export function checkDeadLetters(topic: string, sent: readonly Sent[], received: readonly Received[]): string[] {
  const bad = new Map(sent.filter((record) => !isValid(record)).map((record) => [place({ topic, ...record }), record]));
  const letters = Map.groupBy(received, originOf);
  return [
    ...[...bad].flatMap(([origin, record]) => checkLetter(origin, record, letters.get(origin) ?? [])),
    ...[...letters]
      .filter(([origin]) => !bad.has(origin))
      .map(
        ([origin, [letter]]) => `${place(letter!)} is not a bad record that was sent: it says it came from ${origin}`,
      ),
  ];
}

function originOf({ headers }: Received): string {
  const {
    "dead-letter.topic": topic = "?",
    "dead-letter.partition": partition,
    "dead-letter.offset": offset,
  } = headers;
  return place({ topic, partition: Number(partition), offset: Number(offset) });
}

function checkLetter(origin: string, record: Sent, letters: readonly Received[]): string[] {
  const name = `the ${record.kind} record ${origin}`;
  const [letter, ...more] = letters;
  if (!letter) return [`${name} is not in the dead-letter topic`];
  if (more.length > 0)
    return [`${name} is in the dead-letter topic ${letters.length} times: ${letters.map(place).join(", ")}`];
  const differences: string[] = [];
  if (letter.key !== record.key)
    differences.push(`${place(letter)} has the key ${letter.key}: ${name} has ${record.key}`);
  if (!sameBytes(letter.value, record.value)) differences.push(`${place(letter)} has not the bytes of ${name}`);
  return differences;
}

function sameBytes(one: Buffer | null, other: Buffer | string | null): boolean {
  if (one === null || other === null) return one === other;
  return one.equals(Buffer.from(other));
}
