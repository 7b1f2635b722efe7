// Which of a .proto file's messages a payload is. Confluent writes the path of places within the file, Glue one number.
import protobuf from "protobufjs";
import { type Registry, UnreadableError } from "./registry.ts";

export interface MessageTypes {
  /** Reads the index in front of the message; answers the full name of its type. */
  read(reader: protobuf.Reader): string;
}

const MOST_LEVELS = 100;

/** Parsed apart from its imports, so that its messages are in the order in which they are declared. */
export function messageTypesOf(text: string, kind: Registry["kind"]): MessageTypes {
  const file = new protobuf.Root();
  const { package: name } = protobuf.parse(text, file, { keepCase: true });
  const declared = messagesIn(name === undefined ? file : file.lookup(name));
  return kind === "glue" ? byNumber(declared) : byPath(declared);
}

// A count and as many places, all zig-zag varints; a count of 0 means the first message.
// https://docs.confluent.io/platform/current/schema-registry/fundamentals/serdes-develop/index.html#wire-format
function byPath(declared: readonly protobuf.Type[]): MessageTypes {
  return {
    read(reader) {
      const count = reader.sint32();
      if (count < 0 || count > MOST_LEVELS) throw new UnreadableError("the message's index is damaged");
      const path = Array.from({ length: count }, () => reader.sint32());
      let among = declared;
      let found: protobuf.Type | undefined;
      for (const place of count === 0 ? [0] : path) {
        found = among[place];
        if (found === undefined) throw new UnreadableError(`the schema has no message at index ${path.join(".")}`);
        among = messagesIn(found);
      }
      return found!.fullName;
    },
  };
}

// One varint: the place among all messages of the file, nested ones and the entries of maps too, sorted by full name.
// awslabs/aws-glue-schema-registry: serializers/protobuf/MessageIndexFinder.java
function byNumber(declared: readonly protobuf.Type[]): MessageTypes {
  const names = declared.flatMap(namesWithin).sort();
  return {
    read(reader) {
      const place = reader.uint32();
      const name = names[place];
      if (name === undefined) throw new UnreadableError(`the schema has no message at index ${place}`);
      return name;
    },
  };
}

function namesWithin(type: protobuf.Type): string[] {
  const maps = type.fieldsArray.filter((field) => field instanceof protobuf.MapField);
  const entries = maps.map(({ name }) => `${type.fullName}.${entryOf(name)}`);
  return [type.fullName, ...entries, ...messagesIn(type).flatMap(namesWithin)];
}

/** The message that a map field stands for: `my_map` is a list of `MyMapEntry`. */
function entryOf(field: string): string {
  const capitalized = field.replace(/(?:^|_)+(.?)/g, (_all, letter: string) => letter.toUpperCase());
  return `${capitalized}Entry`;
}

function messagesIn(namespace: protobuf.ReflectionObject | null): protobuf.Type[] {
  const nested = namespace instanceof protobuf.Namespace ? namespace.nestedArray : [];
  return nested.filter((each) => each instanceof protobuf.Type);
}
