// A role's kafka-cluster rights as a broker's own permissions: what MSK makes of them, for a broker that knows no roles.
// https://docs.aws.amazon.com/msk/latest/developerguide/kafka-actions.html
import { type AclEntry, AclOperationTypes, AclPermissionTypes, AclResourceTypes, ResourcePatternTypes } from "kafkajs";
import type { Statement } from "../../lib/deploy/statement.ts";

const { TOPIC, GROUP, CLUSTER, TRANSACTIONAL_ID } = AclResourceTypes;
const { DESCRIBE, READ, WRITE, IDEMPOTENT_WRITE } = AclOperationTypes;

const meanings: Readonly<Record<string, readonly [AclResourceTypes, AclOperationTypes]>> = {
  DescribeTopic: [TOPIC, DESCRIBE],
  ReadData: [TOPIC, READ],
  WriteData: [TOPIC, WRITE],
  DescribeGroup: [GROUP, DESCRIBE],
  AlterGroup: [GROUP, READ],
  DescribeTransactionalId: [TRANSACTIONAL_ID, DESCRIBE],
  AlterTransactionalId: [TRANSACTIONAL_ID, WRITE],
  WriteDataIdempotently: [CLUSTER, IDEMPOTENT_WRITE],
};

/** The permissions of a user who may do what the statements allow. */
export function aclsOf(statements: readonly Statement[], user: string): AclEntry[] {
  return statements.flatMap(({ Action, Resource }) =>
    Action.flatMap((action) => {
      const [resourceType, operation] = meanings[action.replace("kafka-cluster:", "")] ?? [];
      if (resourceType === undefined || operation === undefined || Resource === "*") return [];
      return Resource.map((arn) => ({
        ...{ resourceType, operation, ...patternOf(resourceType, String(arn)) },
        ...{ principal: `User:${user}`, host: "*", permissionType: AclPermissionTypes.ALLOW },
      }));
    }),
  );
}

/** arn:aws:kafka:<region>:<account>:<kind>/<cluster>/<uuid>/<name> */
function patternOf(resourceType: AclResourceTypes, arn: string) {
  const name = arn.split("/").slice(3).join("/");
  const isPrefix = name.endsWith("*");
  return {
    resourceName: resourceType === CLUSTER ? "kafka-cluster" : name.replace(/\*$/, ""),
    resourcePatternType: isPrefix ? ResourcePatternTypes.PREFIXED : ResourcePatternTypes.LITERAL,
  };
}
