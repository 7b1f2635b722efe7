// DynamoDB Local with a meter before it: every request goes through, and the capacity units that DynamoDB says it took are added up.
// https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_ConsumedCapacity.html

import { createServer, type IncomingMessage } from "node:http";

export interface Units {
  readonly writes: number;
  readonly reads: number;
}

export interface CountingDynamodb {
  readonly url: string;
  /** Since it was started. */
  units(): Units;
  stop(): void;
}

const writing = /\.(Put|Update|Delete|BatchWrite)Item$/;
const reading = /\.(GetItem|BatchGetItem|Query)$/;

/** A conditional write that is refused is paid for, and its answer doesn't say how much: items here are below a kilobyte. */
const REFUSED_WRITE_UNITS = 1;

export async function countingDynamodb(endpoint: string): Promise<CountingDynamodb> {
  const counted = { writes: 0, reads: 0 };
  const server = createServer(async (request, response) => {
    try {
      const target = String(request.headers["x-amz-target"]);
      const kind = writing.test(target) ? "writes" : reading.test(target) ? "reads" : undefined;
      const body = await bodyOf(request);
      const answer = await fetch(endpoint, {
        method: "POST",
        headers: passedOn(request),
        body: kind === undefined ? body : JSON.stringify({ ...JSON.parse(body), ReturnConsumedCapacity: "TOTAL" }),
      });
      const text = await answer.text();
      if (kind !== undefined) counted[kind] += unitsIn(text, answer.status);
      const type = answer.headers.get("content-type") ?? "application/x-amz-json-1.0";
      response.writeHead(answer.status, { "content-type": type }).end(text);
    } catch (error) {
      response.writeHead(502).end(String(error));
    }
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", () => resolve()));
  const address = server.address();
  if (typeof address !== "object" || address === null) throw new Error("The meter before DynamoDB has no port");
  return {
    url: `http://127.0.0.1:${address.port}`,
    units: () => ({ ...counted }),
    stop() {
      server.close();
      server.closeAllConnections();
    },
  };
}

/** DynamoDB Local doesn't hold a body to its signature. */
function passedOn({ headers }: IncomingMessage): Record<string, string> {
  const names = ["x-amz-target", "content-type", "authorization", "x-amz-date"];
  return Object.fromEntries(names.map((name) => [name, String(headers[name] ?? "")]));
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk);
  return Buffer.concat(chunks).toString("utf8");
}

function unitsIn(text: string, status: number): number {
  if (status === 400) return text.includes("ConditionalCheckFailed") ? REFUSED_WRITE_UNITS : 0;
  const { ConsumedCapacity } = JSON.parse(text) as { ConsumedCapacity?: Capacity | readonly Capacity[] };
  return [ConsumedCapacity ?? []].flat().reduce((sum, { CapacityUnits = 0 }) => sum + CapacityUnits, 0);
}

interface Capacity {
  readonly CapacityUnits?: number;
}
