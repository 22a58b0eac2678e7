import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import test, { describe } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

import { build } from "esbuild";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const CLIENT = path.join(ROOT, "client");
const REACT = path.join(ROOT, "node_modules/react");
const TSC = path.join(ROOT, "node_modules/typescript/bin/tsc");
/** That of the Node which runs this, where `npm test` has not named it. */
const NPM = process.env.npm_execpath ?? path.resolve(process.execPath, "../../lib/node_modules/npm/bin/npm-cli.js");

const MODULES = `
  import * as glow from "glow-client";
  console.log(Object.keys(glow).sort().join());`;
const REACT_MODULES = `
  import { createElement, version } from "react";
  import { renderToString } from "react-dom/server";
  import { connect } from "glow-client";
  import { usePrice } from "glow-client/react";
  const feed = connect({ api: "https://stack.example", WebSocket: class {} });
  const Price = () => String(usePrice(feed, "SOL").price);
  console.log(renderToString(createElement(Price)));
  feed.close();`;

/** What an app may write, and what is a mistake. */
const TYPED_APP = `
  import { connect, subscribe, type Feed, type State, type Update } from "glow-client";
  import { usePrice, type LivePrice } from "glow-client/react";

  const feed: Feed = connect({ api: "https://stack.example", region: "eu-west-1", getToken: async () => "jwt" });
  const subscription = feed.subscribe("SOL", {
    delivery: "latest",
    onPrice: (update: Update, { isLate }) => console.log(update.price.toFixed(9), isLate satisfies boolean),
    onState: ({ state, path }: State) => console.log(state, path?.length),
    onError: ({ code, message }) => console.log(code, message),
  });
  export async function lastOf(token: string): Promise<number> {
    for await (const { update, skipped } of feed.prices(token)) if (skipped === 0) return update.price;
    return feed.newest(token)?.price ?? 0;
  }
  export function textOf(token: string | null): string {
    const { price, update, state }: LivePrice = usePrice(feed, token);
    return \`\${price?.toFixed(9) ?? "–"} \${update?.side ?? ""} \${state.state}\`;
  }
  export const alone = subscribe("SOL", { api: "https://stack.example", onPrice: ({ id }) => console.log(id.length) });
  subscription.close();

  // @ts-expect-error an app without api
  connect({});
  // @ts-expect-error a delivery that does not exist
  feed.subscribe("SOL", { onPrice() {}, delivery: "newest" });
  // @ts-expect-error a price that may not have come yet
  export const twice = () => usePrice(feed, "SOL").price * 2;`;

/** @param {string} folder @param {string} program @param {string[]} given */
async function run(folder, program, ...given) {
  try {
    return (await promisify(execFile)(process.execPath, [program, ...given], { cwd: folder })).stdout;
  } catch (error) {
    const { stdout, stderr } = /** @type {{stdout: string, stderr: string}} */ (error);
    throw new Error(`${path.basename(program)} ${given.join(" ")} failed:\n${stdout}${stderr}`);
  }
}

/** @param {string} folder @param {string[]} given */
const npm = (folder, ...given) => run(folder, NPM, ...given);

/** A folder that is gone when the test ends. @param {import("node:test").TestContext} t */
function aFolder(t) {
  const folder = mkdtempSync(path.join(tmpdir(), "glow-package-"));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** The archive that `npm pack` makes. @param {import("node:test").TestContext} t */
async function pack(t) {
  const folder = aFolder(t);
  const [{ filename }] = JSON.parse(await npm(CLIENT, "pack", "--json", "--pack-destination", folder));
  return path.join(folder, filename);
}

/** An app with these packages, installed without a network. @param {import("node:test").TestContext} t @param {string[]} packages */
async function anApp(t, ...packages) {
  const folder = aFolder(t);
  writeFileSync(path.join(folder, "package.json"), '{ "private": true, "type": "module" }');
  await npm(folder, "install", "--offline", "--no-audit", "--no-fund", ...packages);
  return folder;
}

/** @param {string} app @param {string} code of a module in it */
function runModule(app, code) {
  writeFileSync(path.join(app, "app.js"), code);
  return run(app, "app.js");
}

/** @param {string} file */
const read = (file) => readFileSync(path.join(ROOT, file), "utf8");

test("the package holds these files and no others", async () => {
  const [{ id, files }] = JSON.parse(await npm(CLIENT, "pack", "--json", "--dry-run"));
  assert.equal(id, `glow-client@${JSON.parse(read("client/package.json")).version}`);
  assert.deepEqual(
    files.map((/** @type {{path: string}} */ file) => file.path).sort(),
    ["README.md", "glow.d.ts", "glow.js", "package.json", "react.d.ts", "react.js"],
  );
});

test("the package has the version of the project", () => {
  const [, version] = /^version = "(.+)"$/m.exec(read("pyproject.toml")) ?? [];
  assert.equal(JSON.parse(read("client/package.json")).version, version);
});

test("the lock file says nothing of where packages are downloaded from", () => {
  const { packages } = JSON.parse(read("package-lock.json"));
  assert.deepEqual(Object.keys(packages).filter((name) => "resolved" in packages[name]), []);
});

for (const file of ["client/README.md", "docs/clients.md"]) {
  test(`the code in ${file} is JavaScript, and imports what is there`, async () => {
    for (const [, loader, contents] of read(file).matchAll(/^```(jsx?)\n(.*?)^```/gms)) {
      const stdin = { contents, loader: /** @type {"js" | "jsx"} */ (loader), resolveDir: CLIENT };
      await build({ stdin, absWorkingDir: ROOT, bundle: true, write: false, format: "esm", alias: { "glow-client": "./client" } });
    }
  });
}

describe("an app that installs", () => {
  test("the archive imports the library, without React", async (t) => {
    const app = await anApp(t, await pack(t));
    assert.equal(await runModule(app, MODULES), "Feed,Subscription,connect,subscribe\n");
  });

  test("the folder imports the library", async (t) => {
    const app = await anApp(t, CLIENT);
    assert.equal(await runModule(app, MODULES), "Feed,Subscription,connect,subscribe\n");
  });

  for (const [what, packages] of /** @type {[string, (t: import("node:test").TestContext) => Promise<string[]>][]} */ ([
    ["the archive", async (t) => [await pack(t)]],
    ["a copy of the folder", async () => ["--install-links", CLIENT]],
  ])) {
    test(`${what} and React renders a price`, async (t) => {
      const app = await anApp(t, ...(await packages(t)), REACT, `${REACT}-dom`, path.join(ROOT, "node_modules/scheduler"));
      assert.equal(await runModule(app, REACT_MODULES), "null\n");
    });
  }

  for (const [module, moduleResolution] of [["nodenext", "nodenext"], ["esnext", "bundler"]]) {
    test(`it finds its types by module resolution ${moduleResolution}`, async (t) => {
      const app = await anApp(t, await pack(t));
      const compilerOptions = { module, moduleResolution, strict: true, noEmit: true, target: "es2023", lib: ["es2023"], types: [] };
      writeFileSync(path.join(app, "tsconfig.json"), JSON.stringify({ compilerOptions, files: ["app.ts"] }));
      writeFileSync(path.join(app, "app.ts"), `declare const console: { log(...values: unknown[]): void };\n${TYPED_APP}`);
      await run(app, TSC, "-p", ".");
    });
  }
});
