// The one place where the Kafka client is made: from the environment, once per execution environment, closed when it is told to stop.
// Another client would be put in here and in exactly-once.ts; nothing else imports kafkajs but for its message type.

import { connect, isIP, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import { type Admin, type ISocketFactory, Kafka, type LogEntry, logLevel } from "kafkajs";
import { optional, required, requiredList } from "../config.ts";
import { log } from "../telemetry.ts";
import { environmentAccess, inTheClear, type KafkaAccess } from "./access.ts";
import { useOwnProduceEncoding } from "./produce-encoding.ts";
import { retry } from "./retry.ts";

/** How a function reaches Kafka, and the name under which it keeps its place there. */
export interface KafkaConnection {
  readonly kafka: Kafka;
  /** Namespace and function name: the prefix of consumer groups and transactional ids. */
  readonly owner: string;
  /** A connected admin client, one per connection. */
  admin(): Promise<Admin>;
  /** Drops the admin client, so that the next one starts from fresh metadata. */
  resetAdmin(): Promise<void>;
  /** Has `close` called when the connection is closed. */
  onClose(close: () => Promise<void>): void;
  close(): Promise<void>;
  /**
   * Ends every socket at once, and opens none again: what has not left by now is never sent. Closing waits for answers and lets the
   * client try again, which a caller must be able to rule out.
   */
  sever(): void;
}

export interface KafkaSettings {
  readonly brokers: readonly string[];
  readonly owner: string;
  readonly clientId?: string;
  /** In the clear unless given. */
  readonly access?: KafkaAccess;
}

let fromEnvironment: KafkaConnection | undefined;

let accessFromEnvironment: KafkaAccess | undefined;

/** This execution environment's connection, from KAFKA_BROKERS, KAFKA_AUTH, NAMESPACE and Lambda's own AWS_LAMBDA_FUNCTION_NAME. */
export function environmentConnection(): KafkaConnection {
  if (fromEnvironment === undefined) {
    const connection = openEnvironmentConnection();
    closeOnTermination(connection);
    fromEnvironment = connection;
  }
  return fromEnvironment;
}

/** A connection of its own to the environment's Kafka; secrets are fetched once for all of them. */
export function openEnvironmentConnection(owner: string = functionOwner()): KafkaConnection {
  accessFromEnvironment ??= environmentAccess();
  return openConnection({ brokers: requiredList("KAFKA_BROKERS"), owner, access: accessFromEnvironment });
}

/** The owner name of a function: this one, or another that a keeper looks after. */
export function functionOwner(functionName: string = required("AWS_LAMBDA_FUNCTION_NAME")): string {
  return `${optional("NAMESPACE", "")}${functionName}`;
}

/** A connection of its own; nothing is sent before it is used. */
export function openConnection(settings: KafkaSettings): KafkaConnection {
  const { brokers, owner, clientId = owner, access = inTheClear } = settings;
  const sockets = severableSockets(access);
  useOwnProduceEncoding();
  const kafka = new Kafka({
    // Asked before each first connection, when what is secret has to be at hand.
    brokers: async () => {
      await access.ready();
      return [...brokers];
    },
    clientId,
    ...(access.sasl === undefined ? {} : { sasl: access.sasl }),
    retry,
    connectionTimeout: 3_000,
    socketFactory: sockets.open,
    logLevel: logLevel.WARN,
    logCreator: () => logEntry,
  });
  const closers = new Set<() => Promise<void>>();
  let admin: Promise<Admin> | undefined;

  async function connectedAdmin(): Promise<Admin> {
    const client = kafka.admin({ retry });
    await client.connect();
    return client;
  }
  async function resetAdmin(): Promise<void> {
    const dropped = admin;
    admin = undefined;
    await dropped?.then((client) => client.disconnect()).catch(() => undefined);
  }
  return {
    kafka,
    owner,
    admin() {
      admin ??= connectedAdmin().catch((error) => {
        admin = undefined;
        throw error;
      });
      return admin;
    },
    resetAdmin,
    onClose(close) {
      closers.add(close);
    },
    async close() {
      await Promise.allSettled([resetAdmin(), ...[...closers].map((close) => close())]);
    },
    sever: sockets.sever,
  };
}

const keepAliveMs = 60_000;

/** Sockets as kafkajs opens them, secured as the access says, and remembered while they are open. */
function severableSockets(access: KafkaAccess): { readonly open: ISocketFactory; sever(): void } {
  const sockets = new Set<Socket>();
  let isSevered = false;
  return {
    open({ host, port, onConnect }) {
      const name = isIP(host) === 0 ? { servername: host } : {};
      const tls = access.tls();
      const socket = tls ? connectTls({ host, port, ...name, ...tls }, onConnect) : connect({ host, port }, onConnect);
      socket.setKeepAlive(true, keepAliveMs);
      sockets.add(socket);
      socket.once("close", () => sockets.delete(socket));
      if (isSevered) socket.destroy(new Error("this connection has been severed"));
      return socket;
    },
    sever() {
      isSevered = true;
      for (const socket of sockets) socket.destroy(new Error("this connection has been severed"));
    },
  };
}

/** SIGTERM reaches a function only where it has an extension, or runs locally: connections are closed, then the signal does what it does. */
function closeOnTermination(connection: KafkaConnection): void {
  process.once("SIGTERM", () => {
    const others = process.listenerCount("SIGTERM") > 0;
    void connection.close().finally(() => {
      if (!others) process.kill(process.pid, "SIGTERM");
    });
  });
}

/** Answers that are part of normal work and are dealt with: just after a commit, and when a newer producer has taken over. */
const expected = /another concurrent operation on the same transaction|an operation with an old epoch/;

function logEntry({ namespace, level, log: entry }: LogEntry): void {
  const { message, error, retryCount, broker, groupId } = entry;
  const fields = { namespace, detail: message, error, retryCount, broker, groupId };
  if (expected.test(`${message} ${error}`)) log.debug("kafka client", fields);
  else if (level <= logLevel.ERROR) log.error("kafka client", fields);
  else log.warn("kafka client", fields);
}
