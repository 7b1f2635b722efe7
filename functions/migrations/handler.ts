// Makes databases and tables where they are missing, after every deployment and at local start, so that a database that can't be reached or
// may not be changed is known then. Functions that write to one look again with their first statement.

import { environmentDatabase } from "../../lib/postgres/environment.ts";
import { databases } from "./databases.ts";

const all = databases.map(environmentDatabase);

export const handler = async () => {
  await Promise.all(all.map((database) => database.ready()));
  return { ready: await Promise.all(all.map((database) => database.name())) };
};
