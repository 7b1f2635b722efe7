// What stages are given in tests of the compiled template, and how a role in it is read.
import type { Resource } from "./packaging.ts";

/** The region of all that is named here. */
export const inRegion = { AWS_REGION: "eu-west-1" };
const region = `${inRegion.AWS_REGION}:123456789012`;
export const msk = `arn:aws:kafka:${region}:cluster/shop/751d2973-a626-431c-9d4e-d7975eb44dd7-2`;
export const secret = (name: string) => `arn:aws:secretsmanager:${region}:secret:${name}-AbCdEf`;
export const kafkaSecret = { kafkaSecretArn: secret("AmazonMSK_shop") };
export const key = `arn:aws:kms:${region}:key/0d990263-018e-4e65-a703-eff731de951e`;
export const everywhere = {
  bootstrapServers: "b-1.shop.example:9098,b-2.shop.example:9098",
  ...{ subnets: "subnet-0a1b2c3d,subnet-4e5f6a7b", securityGroups: "sg-0a1b2c3d" },
  ...{ databaseUrl: secret("database"), schemaRegistryUrl: secret("schemas"), trackApiKey: secret("track") },
};

export interface Statement {
  readonly Sid: string;
  readonly Effect: string;
  readonly Action: readonly string[];
  readonly Resource: "*" | readonly unknown[];
}

export const statementsOf = ({ Properties }: Resource): readonly Statement[] =>
  Properties.Policies.flatMap(
    ({ PolicyDocument }: { PolicyDocument: { Statement: Statement[] } }) => PolicyDocument.Statement,
  );
