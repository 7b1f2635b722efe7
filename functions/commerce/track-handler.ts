// `POST /track`: commerce events into their topics. `GET /openapi.json`: what it takes and answers.

import { settingOrSecret } from "../../lib/aws/secret-setting.ts";
import { optional, required } from "../../lib/config.ts";
import { json } from "../../lib/http/http-api.ts";
import { environmentIntake } from "../../lib/http/intake.ts";
import { serve } from "../../lib/http/serve.ts";
import { environmentRegistry } from "../../lib/registry/client.ts";
import { eventEncoders } from "./encoders.ts";
import { openApi } from "./openapi.ts";
import { TIME_LIMIT_MS, track, WITHIN_MS } from "./track.ts";

const topics = {
  order: required("ORDER_TOPIC"),
  purchase: required("PURCHASE_TOPIC"),
  delivery: required("DELIVERY_TOPIC"),
};
const encoders = eventEncoders(environmentRegistry(), topics);
const intake = environmentIntake({ table: required("CLAIMS_TABLE"), scope: "track", timeLimitMs: TIME_LIMIT_MS });
const shown = optional("TRACK_API_KEY");
const apiKey = shown && settingOrSecret(shown, "key");

const post = track({ apiKey, topics, encode: (event) => encoders[event.event_type].encode(event), ...intake });
const description = json(200, openApi(), { "cache-control": "max-age=300" });

export const handler = serve(
  { "POST /track": post, "GET /openapi.json": async () => description },
  { withinMs: WITHIN_MS },
);
