// avsc's documented entry without its file, stream and service halves: half the size in a bundle. Its types are those of the whole.
declare module "avsc/etc/browser/avsc-types.js" {
  import type { Type, types } from "avsc";

  const avro: { readonly Type: typeof Type; readonly types: typeof types };
  export default avro;
}
