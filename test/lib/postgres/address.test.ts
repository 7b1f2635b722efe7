import { expect, test } from "vitest";
import { addressOf } from "../../../lib/postgres/address.ts";

test("an address says where, who and which database", () => {
  expect(addressOf("postgres://me:p%40ss@db.example.com:6432/shop")).toEqual({
    host: "db.example.com",
    port: 6432,
    user: "me",
    password: "p@ss",
    database: "shop",
    tls: true,
  });
});

test("another database on the same server takes the place of the one in the address", () => {
  expect(addressOf("postgresql://me@db/shop", "trades")).toMatchObject({
    database: "trades",
    port: 5432,
    password: "",
  });
  expect(addressOf("postgresql://me@db", "trades").database).toBe("trades");
});

test.each([
  { url: "postgres://me@127.0.0.1/shop", tls: false, why: "this machine" },
  { url: "postgres://me@localhost/shop", tls: false, why: "this machine" },
  { url: "postgres://me@[::1]/shop", tls: false, why: "this machine" },
  { url: "postgres://me@localhost.example.com/shop", tls: true, why: "a name that only begins like it" },
  { url: "postgres://me@10.0.0.7/shop", tls: true, why: "another machine" },
  { url: "postgres://me@db/shop?sslmode=disable", tls: false, why: "told so" },
  { url: "postgres://me@db/shop?sslmode=require", tls: true, why: "told so" },
  { url: "postgres://me@127.0.0.1/shop?sslmode=verify-full", tls: true, why: "told so" },
])("$url: TLS $tls, $why", ({ url, tls }) => {
  expect(addressOf(url).tls).toBe(tls);
});

test.each([
  { url: "", says: /must be an address such as postgres:\/\/user:password@host:5432\/database/ },
  { url: "db:5432", says: /must be an address such as/ },
  { url: "mysql://me@db/shop", says: /must be an address such as/ },
  { url: "postgres://db/shop", says: /must be an address such as/ },
  { url: "postgres://me@db", says: /must name a database after the host/ },
  { url: "postgres://me@db/shop?sslmode=no-verify", says: /sslmode=no-verify: it must be verify-full .* or disable/ },
  {
    url: "postgres://me@db/shop?application_name=x",
    says: /has the parameter 'application_name': only sslmode is read/,
  },
])("'$url' is refused", ({ url, says }) => {
  expect(() => addressOf(url)).toThrow(says);
});

test("a refusal doesn't tell the password", () => {
  expect(() => addressOf("postgres://me:secret@db")).toThrow(
    expect.not.objectContaining({ message: expect.stringContaining("secret") }),
  );
});
