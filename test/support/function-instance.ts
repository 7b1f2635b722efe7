// An execution environment of any function as a process of its own: HANDLER names its file. Handles the events it is sent, one at a time.
// Its settings are its environment, as on Lambda.
import { messageOf } from "../../lib/errors.ts";
import { root } from "./source-tree.ts";

const { handler } = await import(`${root}${process.env.HANDLER}`);
const context = { getRemainingTimeInMillis: () => 600_000 };

process.on("message", async (event) => {
  try {
    process.send?.({ kind: "done", response: await handler(event, context) });
  } catch (error) {
    process.send?.({ kind: "failed", message: messageOf(error) });
  }
});
process.send?.({ kind: "ready" });
