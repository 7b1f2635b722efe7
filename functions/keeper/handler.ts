// Keeps every function's places in Kafka from expiring: brokers forget a group without members after 7 days by default, and a topic that
// is read again from its start would then be published again. One place a function and topic it reads, as the deployment lists them.

import { requiredList } from "../../lib/config.ts";
import { messageOf } from "../../lib/errors.ts";
import { functionOwner, openEnvironmentConnection } from "../../lib/kafka/client.ts";
import { keepPlaces } from "../../lib/kafka/keep.ts";
import { begin, log } from "../../lib/telemetry.ts";

const places = requiredList("KEPT_PLACES").map((place) => place.split("=") as [functionName: string, topic: string]);

export async function handler(_event: unknown, context: unknown): Promise<void> {
  begin(context);
  const failed: string[] = [];
  for (const [functionName, topic] of places) {
    const connection = openEnvironmentConnection(functionOwner(functionName));
    try {
      log.info("places kept", { function: functionName, topic, places: await keepPlaces(connection, topic) });
    } catch (error) {
      // The others' are kept all the same: one topic that is gone must not let them expire.
      log.error("places not kept", { function: functionName, topic, error: messageOf(error) });
      failed.push(`${functionName} at ${topic}`);
    } finally {
      await connection.close();
    }
  }
  if (failed.length > 0) throw new Error(`Places could not be kept: ${failed.join(", ")}`);
}
