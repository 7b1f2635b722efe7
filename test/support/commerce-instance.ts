// An execution environment of a commerce function as a process of its own: FUNCTION says which. Handles the events it is sent, one at a time,
// until it is killed. Its settings are its environment, as on Lambda; with KILL_AT it kills itself at a step of the Kafka protocol.
import "./kill-at.ts";
import { messageOf } from "../../lib/errors.ts";

type Handler = (event: unknown) => Promise<unknown>;

const handlers: Readonly<Record<string, () => Promise<{ readonly handler: Handler }>>> = {
  track: () => import("../../functions/commerce/track-handler.ts"),
  store: () => import("../../functions/commerce/store-handler.ts"),
  correct: () => import("../../functions/commerce/correct-handler.ts"),
};

const { handler } = await handlers[process.env.FUNCTION ?? ""]!();

process.on("message", async (event) => {
  try {
    process.send?.({ kind: "done", response: await handler(event) });
  } catch (error) {
    process.send?.({ kind: "failed", message: messageOf(error) });
  }
});
process.send?.({ kind: "ready" });
