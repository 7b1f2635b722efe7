// The API as an OpenAPI 3.1 document, its events' schemas taken from the ones that validate them. Tests hold requests and answers to it. Pure.

import * as z from "zod";
import { MOST_BYTES } from "./correct.ts";
import { type EventType, eventSchemas, eventTypes } from "./schema.ts";
import { LONGEST_KEY } from "./track.ts";

/** The document that `GET /openapi.json` serves. */
export function openApi() {
  return {
    openapi: "3.1.0",
    info: {
      title: "Commerce events",
      version: "1.0.0",
      description:
        "Takes events of orders, purchases and deliveries. An answer of 202 means that every event of the request is in Kafka, on all in-sync replicas.",
      license: { name: "MIT", identifier: "MIT" },
    },
    servers: [{ url: "/" }],
    paths: { "/track": { post: trackOperation }, "/openapi.json": { get: documentOperation } },
    components: {
      securitySchemes: {
        apiKey: {
          type: "apiKey",
          in: "header",
          name: "x-api-key",
          description: "Asked for where TRACK_API_KEY is set.",
        },
      },
      headers: {
        RetryAfter: { description: "Seconds to wait before asking again.", schema: { type: "integer", minimum: 1 } },
      },
      schemas: {
        ...Object.fromEntries(eventTypes.map((type) => [schemaNames[type], eventSchema(type)])),
        Event: {
          oneOf: eventTypes.map((type) => reference(schemaNames[type])),
          discriminator: {
            propertyName: "event_type",
            mapping: Object.fromEntries(eventTypes.map((type) => [type, reference(schemaNames[type]).$ref])),
          },
        },
        Place: place,
        Problem: problemSchema,
      },
    },
  } as const;
}

const schemaNames: Readonly<Record<EventType, string>> = {
  order: "OrderEvent",
  purchase: "PurchaseEvent",
  delivery: "DeliveryEvent",
};

function reference(name: string) {
  return { $ref: `#/components/schemas/${name}` } as const;
}

/** What a client may send. Fields beyond those named are ignored. */
function eventSchema(type: EventType) {
  const { $schema: _, ...schema } = z.toJSONSchema(eventSchemas[type], {
    io: "input",
    // The format says what the pattern does, in a word.
    override: ({ jsonSchema }) => {
      if (jsonSchema.format === "date-time") delete jsonSchema.pattern;
    },
  });
  return schema;
}

const place = {
  type: "object",
  description: "Where an event stands in Kafka: its identity from now on.",
  properties: {
    topic: { type: "string", examples: ["event_order"] },
    partition: { type: "integer", minimum: 0 },
    offset: { type: "integer", minimum: 0 },
  },
  required: ["topic", "partition", "offset"],
  additionalProperties: false,
} as const;

const problemSchema = {
  type: "object",
  description: "Why nothing was taken (RFC 9457).",
  properties: {
    title: { type: "string" },
    status: { type: "integer" },
    detail: { type: "string", description: "What is wrong and what would be right." },
    errors: {
      type: "array",
      items: {
        type: "object",
        properties: {
          path: {
            type: "string",
            description:
              "The field: `event_details.price`, in a batch `[2].event_details.price`; empty for the whole body.",
          },
          message: { type: "string" },
        },
        required: ["path", "message"],
        additionalProperties: false,
      },
    },
  },
  required: ["title", "status", "detail"],
  additionalProperties: false,
} as const;

const example = {
  event_name: "order_placed",
  event_type: "order",
  triggered_at: "2026-11-21T12:00:00Z",
  user_details: { user_id: "user-1" },
  event_details: { order_id: 12, order_value: 59.8 },
};

const trackOperation = {
  operationId: "track",
  summary: "Send an event, or a batch of them",
  description:
    "A batch is taken whole or not at all: one wrong event refuses it, and 202 lists where each event stands, in the order in which they were sent. " +
    "After 503, or no answer, some of the events may be in Kafka: ask again with the same Idempotency-Key, and each is there once. " +
    "Keys are remembered for a day.",
  security: [{}, { apiKey: [] }],
  parameters: [
    {
      name: "Idempotency-Key",
      in: "header",
      required: false,
      description:
        "Names the request, so that asking again with the same key and body has no second effect. A UUID, for example.",
      schema: { type: "string", minLength: 1, maxLength: LONGEST_KEY },
    },
  ],
  requestBody: {
    required: true,
    description: `At most ${MOST_BYTES} bytes.`,
    content: {
      "application/json": {
        schema: { anyOf: [reference("Event"), { type: "array", minItems: 1, items: reference("Event") }] },
        examples: { event: { value: example }, batch: { value: [example, example] } },
      },
    },
  },
  responses: {
    "202": {
      description: "Every event is in Kafka.",
      headers: {
        "Idempotency-Replayed": {
          description: "`true` where the request had been made before and this is its answer again.",
          schema: { const: "true" },
        },
      },
      content: {
        "application/json": {
          schema: { anyOf: [reference("Place"), { type: "array", minItems: 1, items: reference("Place") }] },
        },
      },
    },
    "400": refusal("Something in the body or the key is wrong: `errors` lists the fields."),
    "401": refusal("The API key is missing or wrong."),
    "409": refusal("A request with this Idempotency-Key is being worked on.", true),
    "413": refusal(`The body has more than ${MOST_BYTES} bytes.`),
    "422": refusal("This Idempotency-Key came with another body before."),
    "503": refusal("Kafka, the schema registry or the keys' store can't take it now.", true),
  },
} as const;

const documentOperation = {
  operationId: "openApi",
  summary: "This document",
  security: [{}],
  responses: {
    "200": {
      description: "The API's description.",
      content: { "application/json": { schema: { type: "object", properties: { openapi: { const: "3.1.0" } } } } },
    },
  },
} as const;

function refusal(description: string, saysWhen = false) {
  return {
    description,
    ...(saysWhen ? { headers: { "Retry-After": { $ref: "#/components/headers/RetryAfter" } } } : {}),
    content: { "application/problem+json": { schema: reference("Problem") } },
  } as const;
}
