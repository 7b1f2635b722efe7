// What isn't in kafkajs's own types, as far as the event source reaches into it.
declare module "kafkajs/src/consumer/consumerGroup.js" {
  const ConsumerGroup: { readonly prototype: object };
  export default ConsumerGroup;
}
