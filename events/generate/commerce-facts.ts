// What a generated commerce event is, and where it should end.

export type EventType = "order" | "purchase" | "delivery";

/** The event as it was meant, whatever was sent of it. */
export interface SentEvent {
  readonly event_name: string;
  readonly event_type: EventType;
  readonly triggered_at: string;
  readonly user_details: { readonly user_id: string };
  readonly event_details: {
    readonly item_id?: number;
    readonly item_name?: string;
    readonly price?: number;
    readonly order_id?: number;
    readonly order_value?: number;
    readonly tracking_id?: number;
    readonly carrier?: string;
  };
}

export type End = "processed_events" | "events_parked";

export interface CommerceFacts {
  readonly event: SentEvent;
}
