// The document is OpenAPI 3.1, and says of events what the endpoint does.
import { Validator } from "@seriousme/openapi-schema-validator";
import fc from "fast-check";
import { expect, test } from "vitest";
import { openApi } from "../../../functions/commerce/openapi.ts";
import { eventSchemas, isEventType } from "../../../functions/commerce/schema.ts";
import { eventsIn } from "../../../functions/commerce/track.ts";
import { allowsRequest } from "../../support/openapi.ts";
import { anyEvent, samples } from "./events.ts";

test("the document is valid OpenAPI 3.1", async () => {
  const validator = new Validator();
  const { valid, errors } = await validator.validate(JSON.parse(JSON.stringify(openApi())));
  expect(errors ?? []).toEqual([]);
  expect(valid).toBe(true);
  expect(validator.version).toBe("3.1");
});

test("its examples are taken", () => {
  const { examples } = openApi().paths["/track"].post.requestBody.content["application/json"];
  for (const { value } of Object.values(examples)) {
    expect(eventsIn(Buffer.from(JSON.stringify(value)))).toHaveProperty("events");
  }
});

test("it allows every event that is valid, alone and in a batch", () => {
  fc.assert(
    fc.property(anyEvent, (event) => {
      expect(allowsRequest("/track", "post", event)).toBe(true);
      expect(allowsRequest("/track", "post", [event, event])).toBe(true);
    }),
  );
});

test("what it forbids is refused", () => {
  const changed = fc
    .tuple(
      fc.constantFrom(...Object.values(samples)),
      fc.constantFrom("event_name", "event_type", "triggered_at", "user_details", "event_details"),
      fc.jsonValue(),
    )
    .map(([event, field, value]) => ({ ...event, [field]: value }));
  fc.assert(
    fc.property(fc.oneof(changed, fc.jsonValue()), (value) => {
      const type = typeof value === "object" && value !== null && "event_type" in value ? value.event_type : undefined;
      const isTaken = isEventType(type) && eventSchemas[type].safeParse(value).success;
      if (isTaken) expect(allowsRequest("/track", "post", value)).toBe(true);
      if (!allowsRequest("/track", "post", value)) expect(isTaken).toBe(false);
    }),
    { numRuns: 500 },
  );
});
