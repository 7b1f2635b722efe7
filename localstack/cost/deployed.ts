// What the compiled template says of memory, batches and pollers: what costs depend on, read where the deployment reads it.

import { functionOf, selectFunctions } from "../event-source/template/function-definition.ts";
import { mappingsOf } from "../event-source/template/mappings.ts";
import { readTemplate } from "../event-source/template/template.ts";
import type { Deployed } from "./bill.ts";

export function deployedIn(templateFile: string): Deployed {
  const template = readTemplate(templateFile);
  const idOf = (name: string) => selectFunctions(template, [name])[0] ?? "";
  return {
    memoryMb: (name) => functionOf(template, idOf(name)).memoryMb,
    mapping(name) {
      const [mapping] = mappingsOf(template, { functions: [idOf(name)], access: "none" });
      if (mapping === undefined) throw new Error(`Function '${name}' reads no topic in ${templateFile}`);
      return mapping;
    },
  };
}
