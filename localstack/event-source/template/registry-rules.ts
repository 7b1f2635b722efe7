// The rules of SchemaRegistryConfig.
// https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-properties-lambda-eventsourcemapping-schemaregistryconfig.html
import { asObject } from "./template.ts";

const NAME = "SchemaRegistryConfig";
const ACCESS = ["BASIC_AUTH", "CLIENT_CERTIFICATE_TLS_AUTH", "SERVER_ROOT_CA_CERTIFICATE", "OAUTHBEARER_AUTH"];
const LOOPBACK = /^(127\.\d+\.\d+\.\d+|localhost|\[::1\])$/;

/** Why the setting is refused. */
export function registryRules(value: unknown): string[] {
  if (value === undefined) return [];
  const config = asObject(value);
  if (config === undefined) return [`${NAME} is an object`];
  const { SchemaRegistryURI: uri, EventRecordFormat: format } = config;
  const known = ["SchemaRegistryURI", "EventRecordFormat", "SchemaValidationConfigs", "AccessConfigs"];
  return [
    ...Object.keys(config)
      .filter((name) => !known.includes(name))
      .map((name) => `${name} is not a setting of ${NAME}`),
    ...uriRules(uri),
    ...(format === "JSON" || format === "SOURCE"
      ? []
      : [`${NAME}.EventRecordFormat is JSON or SOURCE: got ${JSON.stringify(format)}`]),
    ...attributeRules(config.SchemaValidationConfigs),
    ...accessRules(config.AccessConfigs, String(uri)),
  ];
}

function uriRules(uri: unknown): string[] {
  const text = String(uri ?? "");
  if (!/^[a-zA-Z0-9-/*:_+=.@]{1,10000}$/.test(text)) {
    return [`${NAME}.SchemaRegistryURI has 1 to 10000 letters, digits or any of -/*:_+=.@: got ${JSON.stringify(uri)}`];
  }
  if (/^arn:aws[a-z-]*:glue:[a-z0-9-]+:\d{12}:registry\/[^/]+$/.test(text)) return [];
  const url = URL.parse(text);
  if (url?.protocol === "https:" || (url?.protocol === "http:" && LOOPBACK.test(url.hostname))) return [];
  return [
    `${NAME}.SchemaRegistryURI is a Glue registry's ARN (arn:aws:glue:REGION:ACCOUNT:registry/NAME) or the https URL of a registry with Confluent's API: got ${text}. A registry without TLS is accepted on this machine, or given with --registry`,
  ];
}

function attributeRules(configs: unknown): string[] {
  const attributes = Array.isArray(configs) ? configs.map((entry: unknown) => asObject(entry)?.Attribute) : [];
  const isValid = attributes.every((name) => name === "KEY" || name === "VALUE");
  if (isValid && attributes.length >= 1 && new Set(attributes).size === attributes.length) return [];
  return [
    `${NAME}.SchemaValidationConfigs lists {Attribute: KEY}, {Attribute: VALUE} or both: got ${JSON.stringify(configs)}`,
  ];
}

function accessRules(configs: unknown, uri: string): string[] {
  if (configs === undefined) return [];
  const name = `${NAME}.AccessConfigs`;
  if (!Array.isArray(configs) || configs.length > 2) return [`${name} lists at most 2 access configurations`];
  if (uri.startsWith("arn:") && configs.length > 0) {
    return [
      `${name} is for registries with Confluent's API: a Glue registry is read with the mapping's own permissions`,
    ];
  }
  return configs.flatMap((entry: unknown) => {
    const { Type: type, URI: secret } = asObject(entry) ?? {};
    if (!ACCESS.includes(String(type)))
      return `${name}: Type is one of ${ACCESS.join(", ")}: got ${JSON.stringify(type)}`;
    return /^arn:aws[a-z-]*:secretsmanager:/.test(String(secret))
      ? []
      : `${name}: ${type} names the ARN of a secret in URI: got ${JSON.stringify(secret)}`;
  });
}
