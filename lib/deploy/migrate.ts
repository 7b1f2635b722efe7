// Serverless plugin: after a deployment the function that makes databases and tables is invoked, where it can reach them.
// When it fails the deployment says so, before the first record does.

const FUNCTION = "migrateDatabases";

interface Answer {
  readonly FunctionError?: string | undefined;
  readonly Payload?: Uint8Array | undefined;
}

/** The part of osls that this plugin touches. */
interface Serverless {
  readonly service: {
    readonly provider: { readonly stage: string };
    readonly functions?: Readonly<Record<string, { readonly name?: string }>>;
  };
  readonly classes: { readonly Error: new (message: string, code: string) => Error };
  getProvider(name: "aws"): { getAwsSdkV3Config(): Promise<object> };
}

interface Tools {
  readonly log: { notice(message: string): void };
}

export default class Migrate {
  readonly hooks: Readonly<Record<string, () => Promise<void>>>;

  constructor(serverless: Serverless, _options: unknown, { log }: Tools, invoke = invokeFunction) {
    this.hooks = {
      "after:deploy:deploy": async () => {
        const { functions, provider } = serverless.service;
        const name = functions?.[FUNCTION]?.name;
        if (name === undefined) return;
        const answered = await invoke(name, await serverless.getProvider("aws").getAwsSdkV3Config()).then(
          outcomeOf,
          refusalOf,
        );
        if (answered.isReady) return log.notice(`Databases are ready: ${answered.said}`);
        throw new serverless.classes.Error(
          `Everything is deployed, but '${name}' could not make the databases ready: ${answered.said}\n` +
            `Mend what it says (databaseUrl, network, rights), then deploy again or: npx serverless invoke --stage ${provider.stage} -f ${FUNCTION}.`,
          "DATABASES_NOT_READY",
        );
      },
    };
  }
}

interface Outcome {
  readonly isReady: boolean;
  readonly said: string;
}

function outcomeOf({ FunctionError, Payload }: Answer): Outcome {
  return { isReady: FunctionError === undefined, said: Buffer.from(Payload ?? []).toString("utf8") };
}

/** Lambda itself did not start it. */
function refusalOf(reason: unknown): Outcome {
  return { isReady: false, said: reason instanceof Error ? reason.message : String(reason) };
}

async function invokeFunction(name: string, config: object): Promise<Answer> {
  const { InvokeCommand, LambdaClient } = await import("@aws-sdk/client-lambda"); // here, for every other command does without
  const client = new LambdaClient(config);
  try {
    return await client.send(
      new InvokeCommand({ FunctionName: name, InvocationType: "RequestResponse", Payload: "{}" }),
    );
  } finally {
    client.destroy();
  }
}
