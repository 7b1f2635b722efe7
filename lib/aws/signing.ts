// Requests to AWS, signed with this execution environment's credentials: for the one call where an SDK client would be most of a function's size.

import { Sha256 } from "@smithy/core/checksum";
import { SignatureV4 } from "@smithy/signature-v4";
import { environmentCredentials } from "./environment-credentials.ts";

/** Signs for one of AWS's services with the credentials of this moment. */
export function signerFor(service: string, region: string): SignatureV4 {
  return new SignatureV4({
    ...{ service, region },
    credentials: environmentCredentials,
    sha256: Sha256,
    applyChecksum: false,
  });
}

/** The domain of AWS's services in a region. */
export function awsDomain(region: string): string {
  return region.startsWith("cn-") ? "amazonaws.com.cn" : "amazonaws.com";
}
