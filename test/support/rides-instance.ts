// An execution environment of the rides function as a process of its own: handles the events it is sent, one at a time, until it is killed.
// Its settings are its environment, as on Lambda; with KILL_AT it kills itself at a step of the Kafka protocol (see kill-at.ts).
import "./kill-at.ts";
import { handler } from "../../functions/rides/handler.ts";
import { messageOf } from "../../lib/errors.ts";

process.on("message", async (event) => {
  try {
    await handler(event);
    process.send?.({ kind: "done" });
  } catch (error) {
    process.send?.({ kind: "failed", message: messageOf(error) });
  }
});
process.send?.({ kind: "ready" });
