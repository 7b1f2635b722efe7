// What isn't in kafkajs's own types, as far as the event source reaches into it.
declare module "kafkajs/src/consumer/consumerGroup.js" {
  const ConsumerGroup: { readonly prototype: object };
  export default ConsumerGroup;
}

declare module "kafkajs/src/broker/saslAuthenticator/plain.js" {
  import type { AuthenticationProviderArgs } from "kafkajs";

  export interface Login {
    readonly username: string;
    readonly password: string;
  }
  export type LoginProvider = (login: Login) => (connection: AuthenticationProviderArgs) => {
    authenticate(): Promise<void>;
  };
  const provider: LoginProvider;
  export default provider;
}

declare module "kafkajs/src/broker/saslAuthenticator/scram256.js" {
  export { default } from "kafkajs/src/broker/saslAuthenticator/plain.js";
}

declare module "kafkajs/src/broker/saslAuthenticator/scram512.js" {
  export { default } from "kafkajs/src/broker/saslAuthenticator/plain.js";
}
