// A broker that goes away and comes back, with the password it had and with another.
import { afterAll, beforeAll, expect, test } from "vitest";
import { changePassword, LOGINS, startSecureKafka } from "../../../support/secure-kafka.ts";
import { until } from "../../../support/until.ts";
import { stopAll } from "../running.ts";
import { runAt, sceneAt, send, untilRead } from "./scene.ts";

let broker: Awaited<ReturnType<typeof startSecureKafka>>;
beforeAll(async () => {
  broker = await startSecureKafka();
});
afterAll(async () => {
  await stopAll();
  await broker.stop();
});

test("a mapping survives its broker's restart; a password that was changed is a PROBLEM until the secret has it too", async () => {
  const { secure } = broker;
  const { orders } = LOGINS;
  const scene = await sceneAt(secure, orders.username);
  const login = scene.secrets.put(orders);
  const root = scene.secrets.put({ certificate: secure.authority.certificate });
  const access = [
    ["SASL_SCRAM_512_AUTH", login],
    ["SERVER_ROOT_CA_CERTIFICATE", root],
  ] as const;
  // Cut off by a restart, it joins as another member: the group is to wait no longer than usual for the one that it was.
  await runAt(scene, secure.sasl, access, { patienceMs: 10_000 });
  await untilRead(scene, ["0", "1", "2"]);

  await broker.restart();
  await send(secure, scene.topic, ["3"]);
  await untilRead(scene, ["0", "1", "2", "3"]);

  await changePassword(secure, orders.username, "rotated");
  await broker.restart();
  await send(secure, scene.topic, ["4"]);
  const isProblem = () => scene.logged.some(({ facts }) => facts.text === "SASL authentication failed");
  await until(isProblem, "the refused login is said");

  scene.secrets.change(login, { ...orders, password: "rotated" });
  await untilRead(scene, ["0", "1", "2", "3", "4"]);
  expect(JSON.stringify(scene.logged)).not.toMatch(/rotated|orders-secret/);
});
