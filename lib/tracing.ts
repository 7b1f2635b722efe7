// Subsegments of AWS X-Ray around what a function does, by Powertools; where Lambda traces nothing, nothing is loaded or recorded.
// https://docs.aws.amazon.com/powertools/typescript/latest/features/tracer/

import type { Tracer } from "@aws-lambda-powertools/tracer";

export interface SpanFacts {
  /** What traces are searched by. */
  readonly annotations: Readonly<Record<string, string | number>>;
  /** Traces that the work continues: X-Ray knows no links, so they stand in the metadata under `links`. */
  readonly links?: readonly string[];
}

/** Lambda names its daemon where a function's tracing is active. https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html */
export const isTraced = process.env.AWS_XRAY_DAEMON_ADDRESS !== undefined;

let loading: Promise<Tracer> | undefined;

/** Does the work within a subsegment; a failure is recorded there and thrown on. */
export async function traced<T>(
  name: string,
  { annotations, links = [] }: SpanFacts,
  work: () => Promise<T>,
): Promise<T> {
  if (!isTraced) return work();
  loading ??= import("@aws-lambda-powertools/tracer").then(
    ({ Tracer }) => new Tracer({ captureHTTPsRequests: false }), // what is called here is Kafka and the SDK's own
  );
  const { provider } = await loading;
  const done = Promise.withResolvers<T>();
  // The segment's own promise is left to the library: what comes of the work is what comes back.
  provider.captureAsyncFunc(name, async (subsegment) => {
    for (const [key, value] of Object.entries(annotations)) subsegment?.addAnnotation(key, value);
    if (links.length > 0) subsegment?.addMetadata("links", links);
    try {
      done.resolve(await work());
    } catch (error) {
      subsegment?.addError(error instanceof Error ? error : String(error));
      done.reject(error);
    } finally {
      subsegment?.close();
    }
  });
  return done.promise;
}
