import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import test from "node:test";
import { fileURLToPath } from "node:url";

import { build } from "esbuild";

import { EVERYTHING, requireListed } from "../../../worker/claims.js";
import { verifyListener } from "../../../worker/listeners.js";
import { settingsOf } from "../../../worker/settings.js";
import { accessToken, CASES, GOLDEN, made, variables } from "../support/access_tokens.js";

const ROOT = fileURLToPath(new URL("../../../", import.meta.url));
const NOW = 1_750_000_000;

/** @param {object} vars */
const listenersOf = (vars) => settingsOf(/** @type {any} */ (vars)).listeners;

/** @param {any} aCase */
async function admit({ stack, token, asks }) {
  const claims = await verifyListener(token && made(token, NOW), listenersOf(variables(stack)), NOW * 1000);
  requireListed(claims, asks);
  return claims;
}

for (const aCase of CASES) {
  test(`access token: ${aCase.name}`, async () => {
    if (aCase.heard !== undefined) {
      const { tokens, endsAtMs } = await admit(aCase);
      assert.deepEqual({ tokens: tokens === null ? "*" : [...tokens].sort(), endsIn: endsAtMs / 1000 - NOW }, aCase.heard);
      return;
    }
    await assert.rejects(admit(aCase), (/** @type {any} */ { code, status, message }) => {
      assert.deepEqual([code, status], [aCase.code, GOLDEN.status[aCase.code]]);
      const parts = aCase.token === null ? [] : made(aCase.token, NOW).split(".");
      assert.deepEqual(parts.filter((part) => part.length >= 20 && message.includes(part)), []);
      return true;
    });
  });
}

test("the log says which token the previous secret has signed, but for one that is over", async (t) => {
  const logged = t.mock.method(console, "log", () => {});
  t.mock.timers.enable({ apis: ["Date"], now: Date.now() + 3_600_000 }); // the cases above have been logged
  const listeners = listenersOf(variables());
  /** @param {object} [options] */
  const admitted = (options) => verifyListener(accessToken("*", options), listeners, Date.now());

  await admitted();
  await assert.rejects(admitted({ key: "previous", endsIn: -60 }));
  assert.deepEqual(logged.mock.calls, []);
  for (let clients = 0; clients < 3; clients += 1) await admitted({ key: "previous" });

  assert.deepEqual(logged.mock.calls.map((call) => JSON.parse(call.arguments[0])), [{ event: "previous_listener_secret_accepted" }]);
});

test("an open stack admits everybody", async () => {
  assert.equal(await verifyListener(null, listenersOf({}), 0), EVERYTHING);
  assert.equal(await verifyListener("junk", listenersOf({ LISTENERS: "open" }), 0), EVERYTHING);
});

for (const [name, vars] of Object.entries({
  "another way": { LISTENERS: "everybody" },
  "no algorithm": { LISTENERS: "token", LISTENER_SECRET: "s" },
  "an algorithm that is none of ours": { LISTENERS: "token", LISTENER_ALGORITHM: "none", LISTENER_SECRET: "s" },
  "no key": { LISTENERS: "token", LISTENER_ALGORITHM: "HS256" },
  "the key of another algorithm": { LISTENERS: "token", LISTENER_ALGORITHM: "RS256", LISTENER_SECRET: "s" },
})) {
  test(`a stack that is told ${name} opens to nobody`, () => assert.throws(() => listenersOf(vars), /LISTENER/));
}

test("jose.js is what esbuild makes of worker/vendor; `npm run vendor` makes it", async () => {
  const options = { entryPoints: ["worker/vendor/jose.js"], bundle: true, format: /** @type {const} */ ("esm"), target: "es2022", legalComments: /** @type {const} */ ("inline") };
  const { outputFiles = [] } = await build({ absWorkingDir: ROOT, write: false, ...options });
  const vendored = readFileSync(new URL("worker/jose.js", `file://${ROOT}`), "utf8");
  assert.equal(vendored, outputFiles[0].text);
  assert.match(vendored, /The MIT License \(MIT\)/);
  const { version } = JSON.parse(readFileSync(new URL("node_modules/jose/package.json", `file://${ROOT}`), "utf8"));
  assert.ok(vendored.includes(`jose ${version}:`), `worker/vendor/jose.js names another version than ${version}`);
});
