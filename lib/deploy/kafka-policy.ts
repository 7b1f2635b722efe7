// What a function's role may do at Amazon MSK: as its mappings' poller, and, where the cluster knows roles, as a client of its own. Pure.
// https://docs.aws.amazon.com/lambda/latest/dg/with-msk-permissions.html  https://docs.aws.amazon.com/msk/latest/developerguide/kafka-actions.html

import type { TopicSettings } from "./kafka-topics.ts";
import { destinationTopic } from "./mapping-settings.ts";
import type { EventSource } from "./service-mappings.ts";
import { allow, type KafkaSubject, type Statement } from "./statement.ts";

/** None for self-managed Kafka, whose rights are its own ACLs. */
export function kafkaStatements(subject: KafkaSubject, { mskClusterArn, auth }: EventSource): readonly Statement[] {
  if (!mskClusterArn) return [];
  return [
    ...(subject.events.length > 0 ? polling(mskClusterArn, auth) : []),
    ...(auth === "iam" && usesKafka(subject) ? client(subject, mskClusterArn) : []),
  ];
}

/** Whether the function reads, writes or looks after anything in Kafka. */
export function usesKafka({ events, topics, environment }: KafkaSubject): boolean {
  return events.length > 0 || Object.keys(topics).length > 0 || environment.KEPT_PLACES !== undefined;
}

function polling(cluster: string, auth: EventSource["auth"]): readonly Statement[] {
  const looking = ["kafka:DescribeCluster", "kafka:DescribeClusterV2"];
  if (cluster.includes(":vpc-connection/")) looking.push("kafka:DescribeVpcConnection");
  if (auth === "scram-512") looking.push("kafka:ListScramSecrets");
  return [allow("Cluster", looking, [cluster]), allow("ClusterBrokers", ["kafka:GetBootstrapBrokers"], "*")];
}

/**
 * Its consumer groups and transactional ids start with its name; the mapping's group is one of them. A keeper has those of all functions,
 * by what their names start with: one by one they would soon outgrow a role's policy. What starts alike is this service's in this stage,
 * or in one whose name begins with this one's and a dash.
 */
function client(subject: KafkaSubject, cluster: string): readonly Statement[] {
  const arn = (kind: string, name: string) => `${cluster.replace(/:cluster\//, `:${kind}/`)}/${name}`;
  const { read, written } = topicsOf(subject);
  const groups = groupNames(subject);
  const named = (kind: string) => groups.map((name) => arn(kind, name));
  const topics = (names: ReadonlySet<string>) => [...names].sort().map((name) => arn("topic", name));
  return [
    allow("KafkaConnect", ["kafka-cluster:Connect", "kafka-cluster:WriteDataIdempotently"], [cluster]),
    ...(read.size > 0
      ? [allow("KafkaRead", ["kafka-cluster:DescribeTopic", "kafka-cluster:ReadData"], topics(read))]
      : []),
    ...(written.size > 0
      ? [allow("KafkaWrite", ["kafka-cluster:DescribeTopic", "kafka-cluster:WriteData"], topics(written))]
      : []),
    allow("KafkaGroups", ["kafka-cluster:DescribeGroup", "kafka-cluster:AlterGroup"], named("group")),
    allow(
      "KafkaTransactions",
      ["kafka-cluster:DescribeTransactionalId", "kafka-cluster:AlterTransactionalId"],
      named("transactional-id"),
    ),
  ];
}

function topicsOf(subject: KafkaSubject): { read: ReadonlySet<string>; written: ReadonlySet<string> } {
  const declared = Object.entries(subject.topics);
  const withAccess = (...kinds: readonly TopicSettings["access"][]) =>
    declared.filter(([, settings]) => kinds.includes(settings?.access ?? "write")).map(([topic]) => topic);
  const polled = subject.events.map(({ topic }) => topic);
  const failures = subject.events.flatMap(({ onFailureDestination }) => destinationTopic(onFailureDestination) ?? []);
  const kept = keptPlaces(subject).map(([, topic]) => topic);
  return {
    read: new Set([...polled, ...kept, ...withAccess("read", "read-write")]),
    written: new Set([...withAccess("write", "read-write"), ...failures]),
  };
}

/** A keeper commits other functions' offsets again: `function=topic`, separated by commas. */
function keptPlaces({ environment }: KafkaSubject): readonly (readonly [owner: string, topic: string])[] {
  const places = String(environment.KEPT_PLACES ?? "");
  return places === "" ? [] : places.split(",").map((place) => place.split("=") as [string, string]);
}

function groupNames(subject: KafkaSubject): readonly string[] {
  const kept = [...new Set(keptPlaces(subject).map(([owner]) => owner))].sort();
  const { name, namesStart } = subject;
  const isCovered = (owner: string) => kept.length > 0 && owner.startsWith(namesStart);
  // A function that was given a name of its own is named.
  const others = [name, ...kept].filter((owner) => !isCovered(owner));
  return [...(kept.length > 0 ? [`${namesStart}*`] : []), ...others.flatMap((owner) => [owner, `${owner}-*`])];
}
