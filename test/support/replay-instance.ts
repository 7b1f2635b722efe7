// A replay as a process of its own, which kills itself at a step of the Kafka protocol (see kill-at.ts).
import "./kill-at.ts";
import { requiredList } from "../../lib/config.ts";
import { openConnection } from "../../lib/kafka/client.ts";
import { schemaRegistry } from "../../lib/registry/client.ts";
import { desk } from "../../localstack/dlq/desk.ts";

const { SCHEMA_REGISTRY_URL = "", TOPICS = "{}" } = process.env;
const connection = openConnection({ brokers: requiredList("KAFKA_BROKERS"), owner: "replay" });
const options = {
  connection,
  registry: schemaRegistry(SCHEMA_REGISTRY_URL),
  topics: JSON.parse(TOPICS),
  correctionGroup: "nobody",
};
const signal = new AbortController().signal;

await desk(options).replay({ isWanted: () => true, why: "a test", rate: 1_000, signal, onOutcome: () => undefined });
process.exit();
