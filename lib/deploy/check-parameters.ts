// Serverless plugin: a stage's parameters are checked before anything else is. It only wires: the rules are in parameters.ts and stage-faults.ts.

import { type Parameters, parameterFaults } from "./parameters.ts";

/** The part of osls that this plugin touches. */
interface Serverless {
  readonly processedInput: { readonly commands: readonly string[] };
  readonly service: {
    readonly provider: { readonly stage?: string; readonly region?: string };
    readonly functions?: Readonly<Record<string, { readonly name?: string }>>;
    readonly custom?: { readonly parameters?: Parameters };
    validate: () => Promise<void>;
  };
  readonly classes: { readonly Error: new (message: string, code: string) => Error };
}

const BUILDING: readonly string[] = ["package", "deploy"];

export default class CheckParameters {
  readonly #serverless: Serverless;

  constructor(serverless: Serverless) {
    this.#serverless = serverless;
    const { service } = serverless;
    // The first moment at which variables are resolved. osls's own schema comes next, and would speak of every mapping instead of one parameter.
    const validate = service.validate.bind(service);
    service.validate = async () => {
      this.#check();
      await validate();
    };
  }

  #check(): void {
    const { processedInput, service, classes } = this.#serverless;
    const command = processedInput.commands.join(" ");
    if (!BUILDING.includes(command)) return; // what is there already can be looked at and removed without them
    const faults = parameterFaults(service.custom?.parameters ?? {}, {
      stage: service.provider.stage ?? "",
      region: service.provider.region ?? "",
      functionNames: Object.entries(service.functions ?? {}).map(([key, { name }]) => name ?? key),
      // An emulator on this machine, to which AWS_ENDPOINT_URL leads, may well use this machine's Kafka.
      reachesAws: command === "deploy" && !process.env.AWS_ENDPOINT_URL,
    });
    if (faults.length > 0) throw new classes.Error(faults.join("\n"), "PARAMETERS_INVALID");
  }
}
