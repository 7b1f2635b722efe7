// The token by which Amazon MSK knows an IAM role: a signed address of its Connect action, good for 15 minutes.
// AWS's own package for it brings 127 kB of credential providers that Lambda has no use for.
// https://docs.aws.amazon.com/msk/latest/developerguide/iam-access-control.html

import { signerFor } from "../aws/signing.ts";

const GOOD_FOR_SECONDS = 900;

/** A token for SASL/OAUTHBEARER, made here: nothing is asked of AWS. */
export async function iamToken(region: string): Promise<string> {
  const host = `kafka.${region}.amazonaws.com`;
  const request = {
    method: "GET",
    protocol: "https:",
    hostname: host,
    path: "/",
    query: { Action: "kafka-cluster:Connect" },
    headers: { host },
  };
  const { query = {} } = await signerFor("kafka-cluster", region).presign(request, { expiresIn: GOOD_FOR_SECONDS });
  const signed = Object.entries({ ...query, "User-Agent": "serverless-kafka-streams" });
  const parameters = signed.map(([name, value]) => `${encodeURIComponent(name)}=${encodeURIComponent(String(value))}`);
  return Buffer.from(`https://${host}/?${parameters.join("&")}`).toString("base64url");
}
