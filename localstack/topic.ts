// `npm run topic -- list | read <topic> | send <topic>`: what is in topics, and records of one's own into them.
// Against the stack of `npm run dev`, or any brokers that the environment names.
process.env.LOG_LEVEL ??= "critical"; // what the client can't do in the end is thrown, and told in a sentence
const { main } = await import("./topic/commands.ts");
await main();

export {};
