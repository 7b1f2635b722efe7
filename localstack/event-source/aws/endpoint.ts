// The AWS endpoint in force, service by service: what stands for AWS on this machine (MiniStack, LocalStack), or AWS itself where the user
// says so in as many words. Nobody's account is ever written to because credentials happen to lie about.
// https://docs.aws.amazon.com/sdkref/latest/guide/feature-ss-endpoints.html

/** Services that the event source itself calls, and the SDKs' variable for the endpoint of each. */
const VARIABLES = {
  sqs: "AWS_ENDPOINT_URL_SQS",
  sns: "AWS_ENDPOINT_URL_SNS",
  s3: "AWS_ENDPOINT_URL_S3",
  secretsmanager: "AWS_ENDPOINT_URL_SECRETS_MANAGER",
  glue: "AWS_ENDPOINT_URL_GLUE",
} as const;

export type AwsService = keyof typeof VARIABLES;

export type AwsEndpoint = ({ readonly kind: "endpoint"; readonly url: string } | { readonly kind: "aws" }) & {
  readonly patienceMs?: number;
};

export interface AwsEndpointOptions {
  /** `--aws-endpoint`: a URL for all services, or `aws` for AWS itself. A service's own variable goes before it. */
  readonly awsEndpoint?: string;
  /** Where variables are looked up; default this process's. */
  readonly environment?: NodeJS.ProcessEnv;
  /**
   * How long whatever is asked may be silent before it counts as gone: AWS's services and schema registries (5 s unless said), members of a
   * consumer group (10 s). Long where a machine may be slow and nothing is taken away, as in tests.
   */
  readonly patienceMs?: number;
}

/** What every client of the AWS SDK is made with. */
export interface AwsClientSettings {
  readonly region: string;
  readonly endpoint?: string;
  readonly credentials?: { readonly accessKeyId: string; readonly secretAccessKey: string };
  readonly maxAttempts: number;
  readonly requestHandler: {
    readonly connectionTimeout: number;
    readonly requestTimeout: number;
    readonly throwOnRequestTimeout: true;
  };
}

const ITSELF = "aws";
const GENERAL = "AWS_ENDPOINT_URL";
const CONNECTED_WITHIN_MS = 2_000;
const ANSWERED_WITHIN_MS = 5_000;
const ATTEMPTS = 3;

/** Where the service is called; undefined when nothing says so, and then it must not be called. Throws for what is no endpoint. */
export function awsEndpointFor(service: AwsService, options: AwsEndpointOptions = {}): AwsEndpoint | undefined {
  const { patienceMs } = options;
  const found = placeOf(service, options);
  return found === undefined || patienceMs === undefined ? found : { ...found, patienceMs };
}

function placeOf(
  service: AwsService,
  { awsEndpoint, environment = process.env }: AwsEndpointOptions,
): AwsEndpoint | undefined {
  const own = environment[VARIABLES[service]];
  const general = environment[GENERAL];
  if (own) return endpointOf(VARIABLES[service], own);
  if (awsEndpoint === ITSELF && general) {
    throw new Error(
      `--aws-endpoint aws asks for AWS itself, but ${GENERAL} says ${general}: leave out the one that is not meant.`,
    );
  }
  if (awsEndpoint === ITSELF) return { kind: "aws" };
  if (awsEndpoint) return endpointOf("--aws-endpoint", awsEndpoint);
  return general ? endpointOf(GENERAL, general) : undefined;
}

/** What to do where no endpoint is in force: ends a sentence that says what needs the service. */
export function howToSetEndpoint(service: AwsService): string {
  return `give the address of what stands for AWS here (MiniStack, LocalStack) with --aws-endpoint URL, ${GENERAL} or ${VARIABLES[service]}, or say --aws-endpoint aws to mean AWS itself`;
}

/** How a client is made for the endpoint. Time limits are short, so that one that is away holds nothing up for long. */
export function awsClientSettings(
  endpoint: AwsEndpoint,
  region: string,
  environment: NodeJS.ProcessEnv = process.env,
): AwsClientSettings {
  const { patienceMs } = endpoint;
  const limits = {
    maxAttempts: ATTEMPTS,
    requestHandler: {
      connectionTimeout: patienceMs ?? CONNECTED_WITHIN_MS,
      requestTimeout: patienceMs ?? ANSWERED_WITHIN_MS,
      throwOnRequestTimeout: true,
    },
  } as const;
  if (endpoint.kind === "aws") return { region, ...limits };
  const { AWS_ACCESS_KEY_ID, AWS_PROFILE } = environment;
  const hasOwn = Boolean(AWS_ACCESS_KEY_ID ?? AWS_PROFILE) || isOfAws(endpoint.url);
  const anyone = { accessKeyId: "local", secretAccessKey: "local" };
  return { region, endpoint: endpoint.url, ...(hasOwn ? {} : { credentials: anyone }), ...limits };
}

function endpointOf(where: string, text: string): AwsEndpoint {
  const url = URL.parse(text);
  if (url !== null && /^https?:$/.test(url.protocol)) return { kind: "endpoint", url: text };
  const also = where === "--aws-endpoint" ? ", or aws for AWS itself" : "";
  throw new Error(`${where} is a URL such as http://127.0.0.1:4566${also}: got '${text}'`);
}

function isOfAws(url: string): boolean {
  return /\.amazonaws\.com(\.cn)?$/.test(new URL(url).hostname);
}
