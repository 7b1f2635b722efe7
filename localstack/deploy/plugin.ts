// Serverless plugin: stage `local` is deployed to LocalStack's open release, and removed from it. What that takes is in open-release.ts.
// Only what is uploaded changes: the template in `.serverless` stays whole, and the local event source reads its mappings there.

import { fitToOpenRelease, type Template } from "./open-release.ts";

/** The part of osls that this plugin touches. */
interface Serverless {
  readonly service: { readonly provider: { readonly stage: string; compiledCloudFormationTemplate: Template } };
  readonly pluginManager: { readonly plugins: readonly object[] };
}

interface Tools {
  readonly log: { notice(message: string): void };
}

const STAGE = "local";

export default class DeployToLocalStack {
  readonly hooks: Readonly<Record<string, () => void>>;

  constructor({ service, pluginManager }: Serverless, _options: unknown, { log }: Tools) {
    this.hooks = {
      // osls has packaged by then, and takes the template from memory from here on.
      "before:aws:deploy:deploy:createStack": () => {
        if (service.provider.stage !== STAGE) return;
        const { template, notices } = fitToOpenRelease(service.provider.compiledCloudFormationTemplate);
        service.provider.compiledCloudFormationTemplate = template;
        for (const notice of notices) log.notice(`LocalStack: ${notice}`);
      },
      "before:remove:remove": () => {
        if (service.provider.stage === STAGE) leaveOutImages(pluginManager.plugins);
      },
    };
  }
}

/** osls's own plugin looks for images of the service, of which it has none, in a registry that the open release lacks. */
function leaveOutImages(plugins: readonly object[]): void {
  for (const plugin of plugins) {
    if ("checkIfEcrRepositoryExists" in plugin) plugin.checkIfEcrRepositoryExists = async () => false;
  }
}
