// Which functions a pipeline's records go through, and what of the traffic each of them has.

export interface PricedPipeline {
  /** What `--pipeline` says. */
  readonly name: string;
  readonly consumers: readonly Consumer[];
  /** The scheduled emitter's runs for this pipeline's windows. */
  readonly emitter?: { readonly function: string; readonly measuredAs: string };
  /** Records a second that a KPU of Managed Flink is taken to carry. */
  readonly flink: { readonly recordsPerSecondPerKpu: number; readonly basis: string };
}

interface Consumer {
  /** Its key in serverless.yml. */
  readonly function: string;
  /** The function whose measurements stand for it. */
  readonly measuredAs: string;
  /** Of the pipeline's records. */
  readonly part: number;
}

// Flink SQL, exactly once, worked off 86,000 rides and 184,000 transactions a second on two cores with its broker beside it.
// A KPU is one virtual CPU, and half of what it could do is kept for peaks and for catching up.
const rides = { recordsPerSecondPerKpu: 86_000 / 2 / 2, basis: "measured with Flink SQL, half of it in use" };
const transactions = { recordsPerSecondPerKpu: 184_000 / 2 / 2, basis: "measured with Flink SQL, half of it in use" };
const likeRides = { ...rides, basis: "as rides: no Flink job was measured for it" };

const windowed = (consumer: string) => ({ function: "emitWindows", measuredAs: `emitWindows for ${consumer}` });
const alone = (name: string) => [{ function: name, measuredAs: name, part: 1 }];

export const pricedPipelines: readonly PricedPipeline[] = [
  { name: "rides", consumers: alone("enrichRides"), flink: rides },
  {
    name: "transactions",
    consumers: alone("aggregateTransactions"),
    emitter: windowed("aggregateTransactions"),
    flink: transactions,
  },
  {
    name: "logins",
    consumers: alone("aggregateLogins"),
    emitter: windowed("aggregateLogins"),
    flink: { ...transactions, basis: "as transactions: no Flink job was measured for it" },
  },
  { name: "trades", consumers: alone("storeTrades"), flink: likeRides },
  {
    name: "commerce",
    consumers: [
      ...["storeOrders", "storePurchases", "storeDeliveries"].map((name) => ({
        function: name,
        measuredAs: "storeOrders",
        part: 1 / 3,
      })),
      // The charts' function reads each of the three topics once more.
      ...Array(3).fill({ function: "summarizeEvents", measuredAs: "summarizeEvents", part: 1 / 3 }),
      // Its pollers are paid for whether there are dead letters or not; here there are none.
      { function: "correctEvents", measuredAs: "storeOrders", part: 0 },
    ],
    flink: likeRides,
  },
];
