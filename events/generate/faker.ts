// A source of made-up values that says the same after the same seed. One locale, loaded alone: all of them take a second.
import { base, en, Faker } from "@faker-js/faker";

export function seededFaker(seed: number): Faker {
  return new Faker({ locale: [en, base], seed });
}
