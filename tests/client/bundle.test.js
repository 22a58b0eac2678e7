import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import test from "node:test";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";

import { build } from "esbuild";

import * as bundle from "../../client/glow.js";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
/** Feeds and passes take about 4 KB of it, charts about 2. */
const LIMIT_BYTES = 11.5 * 1024;

const read = (/** @type {string} */ path) => readFileSync(new URL(path, `file://${ROOT}`), "utf8");

/** What esbuild makes of client/src. @param {import("esbuild").BuildOptions} options */
async function made(options) {
  const { outputFiles = [] } = await build({ absWorkingDir: ROOT, entryPoints: ["client/src/index.js"], bundle: true, format: "esm", write: false, ...options });
  return outputFiles[0].text;
}

test("glow.js is what esbuild makes of client/src; `npm run bundle` makes it", async () => {
  const [, banner] = JSON.parse(read("package.json")).scripts.bundle.match(/--banner:js=(.*)'/);
  assert.equal(read("client/glow.js"), await made({ banner: { js: banner } }));
});

test("an app that minifies the library sends less than 11.5 KB", async (t) => {
  const { byteLength } = gzipSync(await made({ minify: true }), { level: 9 });
  t.diagnostic(`${byteLength} bytes, minified and compressed by gzip`);
  assert.ok(byteLength < LIMIT_BYTES, `${byteLength} bytes`);
});

test("glow.d.ts declares what the library has", async () => {
  /** tsc compares the two here. @type {typeof import("../../client/glow.js")} */
  const library = await import("../../client/src/index.js");
  const declared = [...read("client/glow.d.ts").matchAll(/^export declare (?:function|class) (\w+)/gm)].map(([, name]) => name);
  assert.deepEqual([Object.keys(library).sort(), Object.keys(bundle).sort()], [declared.sort(), declared.sort()]);
  for (const name of /** @type {const} */ (["Feed", "Subscription"])) {
    const [, members] = read("client/glow.d.ts").split(`export declare class ${name}`)[1].match(/\{([^]*?)\n\}/) ?? [];
    const methods = [...members.matchAll(/^ {4}(?:get )?(\w+)\(/gm)].map(([, method]) => method);
    assert.deepEqual(Object.getOwnPropertyNames(bundle[name].prototype), methods);
  }
});
