// What takes the records of HTTP requests into Kafka in a function: this execution environment's connections, made when they are needed.

import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { type Appender, appender } from "../kafka/append.ts";
import { type AppendedOnce, appendOnce, findRecords, type KeyedRequest } from "../kafka/append-once.ts";
import { environmentConnection, functionOwner, openEnvironmentConnection } from "../kafka/client.ts";
import { dynamoDbClaims } from "./claims.ts";

export interface IntakeOptions {
  /** The DynamoDB table of claims: keys `pk` and `sk`, expiry in `expiresAt`. */
  readonly table: string;
  /** Keys of different scopes don't meet. */
  readonly scope: string;
  /** The function's time limit: beyond it an owner of a claim has ended. */
  readonly timeLimitMs: number;
}

export interface Intake extends Pick<Appender, "append"> {
  appendOnce(request: KeyedRequest, signal: AbortSignal): Promise<AppendedOnce>;
}

/** How long after its time limit an owner's last bytes are waited for. */
const MARGIN_MS = 5_000;

export function environmentIntake({ table, scope, timeLimitMs }: IntakeOptions): Intake {
  const owner = functionOwner();
  const appending = appender(() => openEnvironmentConnection(owner));
  const claims = dynamoDbClaims({
    client: new DynamoDBClient({ maxAttempts: 3 }),
    ...{ table, scope, lockMs: timeLimitMs + MARGIN_MS },
  });
  return {
    append: appending.append,
    appendOnce: (request, signal) =>
      appendOnce(
        request,
        { appender: appending, claims, find: findRecords(environmentConnection().kafka, { name: `${owner}-find` }) },
        signal,
      ),
  };
}
