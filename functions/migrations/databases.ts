// Every database that functions write to, with its tables: a pipeline with a sink adds its line.

import { migrations as commerce } from "../commerce/row.ts";
import { database as trades, migrations as tradesMigrations } from "../trades/row.ts";

export const databases = [{ migrations: commerce }, { database: trades, migrations: tradesMigrations }];
