// Who works on a request that carries an idempotency key, and what it was answered: one DynamoDB item a key, changed by conditional writes.
//
//   absent ──claim──> working (owner, until lockedUntil) ──settle──> done (answer)
//                        └──claim after lockedUntil: another owner goes on, knowing since when the request may have had an effect
//
// https://datatracker.ietf.org/doc/draft-ietf-httpapi-idempotency-key-header/

import { createHash, randomUUID } from "node:crypto";
import {
  type AttributeValue,
  ConditionalCheckFailedException,
  type DynamoDBClient,
  PutItemCommand,
  UpdateItemCommand,
} from "@aws-sdk/client-dynamodb";

export interface ClaimedRequest {
  /** The client's key. */
  readonly key: string;
  /** What was asked: another body under the same key is another request. */
  readonly body: Buffer;
}

/** The right to work on a request, until someone else may take it over. */
export interface Claim {
  readonly kind: "claimed";
  /** The key's hash: what is written down instead of it. */
  readonly id: string;
  readonly owner: string;
  /** The time from which on an earlier owner may have had an effect, epoch ms; undefined where there was none. */
  readonly triedSince: number | undefined;
}

export type Claiming =
  | Claim
  | { readonly kind: "done"; readonly answer: unknown }
  | { readonly kind: "working"; readonly forMs: number }
  | { readonly kind: "other-request" };

export interface Claims {
  claim(request: ClaimedRequest): Promise<Claiming>;
  /** Keeps the answer for whoever asks again. Does nothing where another owner has taken over. */
  settle(claim: Claim, answer: unknown): Promise<void>;
  /** Lets the next one go on at once: for an owner who has had no effect. */
  release(claim: Claim): Promise<void>;
}

export interface ClaimsOptions {
  readonly client: DynamoDBClient;
  readonly table: string;
  /** Which kind of requests: keys of different scopes don't meet. */
  readonly scope: string;
  /** Longer than any owner works: after that it has ended, with or without an effect. */
  readonly lockMs: number;
  readonly keepMs?: number;
  readonly now?: () => number;
}

/** A day: the longest after which a client may still ask again. */
const KEEP_MS = 24 * 3_600_000;

export function dynamoDbClaims(options: ClaimsOptions): Claims {
  const { client, table, scope, lockMs, keepMs = KEEP_MS, now = Date.now } = options;
  const keyOf = (id: string) => ({ pk: { S: `idempotency#${scope}#${id}` }, sk: { S: "request" } });

  /** The item that is there already, or undefined where the key was free. */
  async function take(claim: Claim, fingerprint: string): Promise<Item | undefined> {
    const at = now();
    try {
      await client.send(
        new PutItemCommand({
          TableName: table,
          Item: {
            ...keyOf(claim.id),
            fingerprint: { S: fingerprint },
            owner: { S: claim.owner },
            lockedUntil: numeric(at + lockMs),
            triedSince: numeric(at),
            expiresAt: numeric(Math.ceil((at + keepMs) / 1_000)),
          },
          // Expired items stay for a while: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/TTL.html
          ConditionExpression: "attribute_not_exists(pk) OR expiresAt <= :now",
          ExpressionAttributeValues: { ":now": numeric(Math.floor(at / 1_000)) },
          ReturnValuesOnConditionCheckFailure: "ALL_OLD",
        }),
      );
      return undefined;
    } catch (error) {
      return presentItem(error);
    }
  }

  /** Changes the item if it has this owner still, and says whether it had. */
  async function change(id: string, owner: string, { set, values }: Change): Promise<boolean> {
    try {
      await client.send(
        new UpdateItemCommand({
          TableName: table,
          Key: keyOf(id),
          UpdateExpression: set,
          ConditionExpression: "#owner = :was AND attribute_not_exists(answer)",
          ExpressionAttributeNames: { "#owner": "owner" },
          ExpressionAttributeValues: { ":was": { S: owner }, ...values },
        }),
      );
      return true;
    } catch (error) {
      if (error instanceof ConditionalCheckFailedException) return false;
      throw error;
    }
  }

  async function claim(request: ClaimedRequest): Promise<Claiming> {
    const id = hashed(request.key);
    const fingerprint = hashed(request.body);
    const claimed: Claim = { kind: "claimed", id, owner: randomUUID(), triedSince: undefined };
    const present = await take(claimed, fingerprint);
    if (present === undefined) return claimed;
    if (present.fingerprint?.S !== fingerprint) return { kind: "other-request" };
    if (present.answer?.S !== undefined) return { kind: "done", answer: JSON.parse(present.answer.S) };
    const forMs = Number(present.lockedUntil?.N) - now();
    if (forMs > 0) return { kind: "working", forMs };
    const values = { ":me": { S: claimed.owner }, ":until": numeric(now() + lockMs) };
    const isMine = await change(id, String(present.owner?.S), {
      set: "SET #owner = :me, lockedUntil = :until",
      values,
    });
    return isMine ? { ...claimed, triedSince: Number(present.triedSince?.N) } : claim(request);
  }

  return {
    claim,
    async settle({ id, owner }, answer) {
      const values = { ":answer": { S: JSON.stringify(answer) } };
      await change(id, owner, { set: "SET answer = :answer", values });
    },
    async release({ id, owner }) {
      await change(id, owner, { set: "SET lockedUntil = :until", values: { ":until": numeric(0) } });
    },
  };
}

type Item = Readonly<Record<string, AttributeValue | undefined>>;

interface Change {
  readonly set: string;
  readonly values: Record<string, AttributeValue>;
}

function presentItem(error: unknown): Item {
  if (error instanceof ConditionalCheckFailedException && error.Item !== undefined) return error.Item;
  throw error;
}

function hashed(content: string | Buffer): string {
  return createHash("sha256").update(content).digest("hex");
}

function numeric(value: number): AttributeValue {
  return { N: String(value) };
}
