// Free ports on this machine. A port found free can be taken a moment later: whoever binds it must be ready to ask for another.
import { randomInt } from "node:crypto";
import { connect, createServer, type Server } from "node:net";

const host = "127.0.0.1";

export interface Claim {
  readonly port: number;
  /** To be called once the service listens there, or won't. */
  release(): void;
}

/** How far from a port lies the one that says "about to be used". */
const claimDistance = 10_000;

/**
 * The preferred port when nobody listens there, else any free one. Until its release, nobody else who asks here, in this process or
 * another, gets the preferred one: without that, two that start at once could both choose it, and one would take the other's service for
 * its own.
 */
export async function claimPort(preferred: number | undefined): Promise<Claim> {
  const claim = preferred === undefined ? undefined : await listen(preferred + claimDistance);
  if (preferred !== undefined && claim !== undefined) {
    if (!(await isTaken(preferred)) && (await tryToBind(preferred)) !== undefined) {
      return { port: preferred, release: () => claim.close() };
    }
    claim.close();
  }
  return { port: await anyFreePort(), release: () => {} };
}

/**
 * Below the ports that systems give to outgoing connections (Linux from 32768, macOS and Windows from 49152). Among those a service that is
 * killed could not come back: a connection to anywhere may have got its port meanwhile, even a client's own attempt to reach the service.
 */
const lowest = 20_000;
const highest = 32_000;

/** A service that was promised a port may not listen there yet. */
const given = new Set<number>();

/** A port that nothing uses, never the same twice, and that stays free for its service while that is restarted. */
export async function anyFreePort(): Promise<number> {
  for (let attempt = 1; attempt <= 100; attempt++) {
    const port = randomInt(lowest, highest);
    if (given.has(port)) continue;
    given.add(port);
    if (!(await isTaken(port)) && (await tryToBind(port)) !== undefined) return port;
  }
  throw new Error(`No free port on ${host} between ${lowest} and ${highest}: close programs that listen there`);
}

/** Whether somebody answers there. Binding alone doesn't tell: macOS lets 127.0.0.1 be bound beside a listener on all addresses. */
export function isTaken(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ port, host });
    socket.once("connect", () => resolve(true)).once("error", () => resolve(false));
    socket.once("connect", () => socket.destroy());
  });
}

async function tryToBind(port: number): Promise<number | undefined> {
  const server = await listen(port);
  const address = server?.address();
  await new Promise<void>((resolve) => (server === undefined ? resolve() : server.close(() => resolve())));
  return typeof address === "object" ? address?.port : undefined;
}

/** A server on this port that keeps no process alive; undefined when the port can't be had. */
function listen(port: number): Promise<Server | undefined> {
  return new Promise((resolve) => {
    const server = createServer().unref();
    server.once("error", () => resolve(undefined));
    server.listen({ port, host, exclusive: true }, () => resolve(server));
  });
}
