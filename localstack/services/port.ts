// Free ports on this machine. A port found free can be taken a moment later: whoever binds it must be ready to ask for another.
import { connect, createServer } from "node:net";

const host = "127.0.0.1";

/** The preferred port when nobody listens there, else any free one. */
export async function freePort(preferred: number): Promise<number> {
  if (!(await isTaken(preferred))) {
    const bound = await tryToBind(preferred);
    if (bound !== undefined) return bound;
  }
  return anyFreePort();
}

/** A port that nothing uses, chosen by the operating system. */
export async function anyFreePort(): Promise<number> {
  const port = await tryToBind(0);
  if (port === undefined) throw new Error(`No free port on ${host}: close programs that listen on many ports`);
  return port;
}

/** Whether somebody answers there. Binding alone doesn't tell: macOS lets 127.0.0.1 be bound beside a listener on all addresses. */
export function isTaken(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ port, host });
    socket.once("connect", () => resolve(true)).once("error", () => resolve(false));
    socket.once("connect", () => socket.destroy());
  });
}

function tryToBind(port: number): Promise<number | undefined> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", () => resolve(undefined));
    server.listen({ port, host, exclusive: true }, () => {
      const address = server.address();
      server.close(() => resolve(typeof address === "object" && address !== null ? address.port : undefined));
    });
  });
}
