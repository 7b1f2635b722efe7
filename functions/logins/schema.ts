// A login as it comes from the topic `user-login`. Any field may be missing, null or empty: that is what is counted, so it is never poison.

import * as z from "zod";

const field = z.string().nullish();

export const Login = z.object({
  user_id: field,
  app_version: field,
  device_type: field,
  ip: field,
  locale: field,
  device_id: field,
  /** Seconds since the epoch, as text. */
  timestamp: field,
});

export type Login = z.output<typeof Login>;

/** The fields whose absence is counted. */
export const loginFields = Object.keys(Login.shape) as (keyof Login)[];
