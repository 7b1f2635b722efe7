// What every SDK client takes its credentials from: the environment, where Lambda puts the role's. It stands in bundles for the SDK's own search
// through files, metadata services and sign-ins (serverless.yml, `alias`), which is 30 kB of a function's zip and finds nothing more on Lambda.

import { optional, required } from "../config.ts";

export interface Credentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
}

/** The credentials of this moment. */
export async function environmentCredentials(): Promise<Credentials> {
  const sessionToken = optional("AWS_SESSION_TOKEN");
  return {
    accessKeyId: required("AWS_ACCESS_KEY_ID"),
    secretAccessKey: required("AWS_SECRET_ACCESS_KEY"),
    ...(sessionToken === undefined ? {} : { sessionToken }),
  };
}

/** Under the name by which clients ask `@aws-sdk/credential-provider-node` for them. */
export const defaultProvider = () => environmentCredentials;
