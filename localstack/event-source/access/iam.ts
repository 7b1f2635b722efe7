// IAM's login at MSK: a request signed with AWS credentials, carried as an OAUTHBEARER token. Only where the user means AWS itself.
// https://docs.aws.amazon.com/msk/latest/developerguide/iam-access-control.html
import type { SASLOptions } from "kafkajs";
import type { AwsEndpointOptions } from "../aws/endpoint.ts";
import type { Mapping } from "../template/mapping.ts";

const REGION_OF_HOST = /\.kafka(?:-serverless)?\.([a-z0-9-]+)\.amazonaws\.com/;

/** A token for each connection, signed with the credentials that AWS's tools find on this machine. */
export function iamLogin(
  mapping: Mapping,
  options: AwsEndpointOptions & { readonly brokers: readonly string[] },
): SASLOptions {
  if (options.awsEndpoint !== "aws") {
    throw new Error(
      "IAM authentication signs with credentials of an AWS account, which stand-ins for AWS have not: say --aws-endpoint aws to use those of this machine, or --access none for brokers that ask for no login.",
    );
  }
  const region = regionOf(mapping, options.brokers);
  return {
    mechanism: "oauthbearer",
    oauthBearerProvider: async () => {
      const { default: signer } = await import("aws-msk-iam-sasl-signer-js"); // here, for it loads the SDK's credentials
      const { token } = await signer.generateAuthToken({ region });
      return { value: token };
    },
  };
}

function regionOf({ eventSourceArn }: Mapping, brokers: readonly string[]): string {
  const ofHosts = brokers.flatMap((broker) => REGION_OF_HOST.exec(broker)?.[1] ?? [])[0];
  const region = ofHosts ?? eventSourceArn?.split(":")[3];
  if (region) return region;
  throw new Error(
    `IAM authentication needs the cluster's region, which neither an ARN nor the brokers' names say: ${brokers.join(",")}`,
  );
}
