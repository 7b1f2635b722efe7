// `npm run licenses`: writes LICENSES.md anew.

import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { licensePage } from "./licenses.ts";
import { read, root } from "./source-tree.ts";

writeFileSync(join(root, "LICENSES.md"), licensePage(JSON.parse(read("package-lock.json"))));
