import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import test from "node:test";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));

test("glow.d.ts is what tsc makes of glow.js; `npm run declare` makes it", (t) => {
  const folder = mkdtempSync(path.join(tmpdir(), "glow-types-"));
  t.after(() => rmSync(folder, { recursive: true }));
  const { scripts } = JSON.parse(readFileSync(path.join(ROOT, "package.json"), "utf8"));
  const [, ...options] = scripts.declare.split(" ");
  const tsc = path.join(ROOT, "node_modules/typescript/bin/tsc");
  execFileSync(process.execPath, [tsc, ...options, "--outDir", folder], { cwd: ROOT });
  assert.equal(readFileSync(path.join(ROOT, "client/glow.d.ts"), "utf8"), readFileSync(path.join(folder, "glow.d.ts"), "utf8"));
});
