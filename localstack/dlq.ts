// `npm run dlq -- list | show <id> | diff <id> | replay | log`: dead letters of commerce events, for a person to look through and send back.
// Against the stack of `npm run dev`, or any brokers and registry that the environment names: on AWS, from inside the VPC.
process.env.LOG_LEVEL ??= "error"; // the client's warnings are not what was asked for
const { main } = await import("./dlq/commands.ts");
await main();

export {};
