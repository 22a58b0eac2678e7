/** Drives Chromium through chromedriver (W3C WebDriver). */

import { spawn } from "node:child_process";
import { accessSync, constants, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";

import { until } from "./support.js";

const DRIVER_TRIES = 5;
const STARTED = /started successfully on port (\d+)/;

/**
 * Starts a browser; it stops when the test ends.
 * @param {{after: (stop: () => Promise<void>) => void}} t a test, or `{ after }` of node:test for a whole file
 */
export async function startChromium(t) {
  const profile = mkdtempSync(path.join(tmpdir(), "glow-chromium-"));
  const { driver, port } = await startDriver();
  const chromium = new Chromium();
  t.after(async () => {
    await chromium.quit();
    driver.kill();
    rmSync(profile, { recursive: true, force: true });
  });
  await chromium.start(`http://127.0.0.1:${port}/session`, profile);
  return chromium;
}

/**
 * Starts chromedriver. It takes a free port for IPv4 and wants the same for IPv6; where another one has that, it ends, and is
 * started again.
 */
async function startDriver() {
  for (let tries = 1; ; tries += 1) {
    const driver = spawn("chromedriver", ["--port=0"], { stdio: ["ignore", "pipe", "inherit"] });
    let told = "";
    driver.stdout.on("data", (text) => (told += text));
    await until("chromedriver's port", () => driver.exitCode !== null || STARTED.test(told), () => told);
    const [, port] = STARTED.exec(told) ?? [];
    if (port !== undefined) return { driver, port };
    if (tries === DRIVER_TRIES) throw new Error(`chromedriver ended with ${driver.exitCode}: ${told}`);
  }
}

export class Chromium {
  /** The session's URL; empty before the start. */
  session = "";

  /** @param {string} sessions where chromedriver makes one @param {string} profile folder */
  async start(sessions, profile) {
    const args = [
      "--headless",
      "--no-sandbox", // CI runs as root, for whom the sandbox does not work
      "--disable-gpu",
      "--disable-background-networking",
      "--disable-component-update",
      "--no-first-run",
      `--user-data-dir=${profile}`,
    ];
    const capabilities = { alwaysMatch: { "goog:chromeOptions": { binary: programOf("chromium"), args } } };
    const { sessionId } = await call(sessions, "POST", { capabilities });
    this.session = `${sessions}/${sessionId}`;
  }

  async quit() {
    if (this.session !== "") await call(this.session, "DELETE");
  }

  /** @param {string} url */
  async open(url) {
    await call(`${this.session}/url`, "POST", { url });
  }

  /** Shows the page in so many CSS pixels, also in fewer than the narrowest window has. @param {number} width */
  async narrow(width) {
    const params = { width, height: 844, deviceScaleFactor: 1, mobile: true };
    await call(`${this.session}/goog/cdp/execute`, "POST", { cmd: "Emulation.setDeviceMetricsOverride", params });
  }

  /** Shows the page in the browser's own window again. */
  async widen() {
    await call(`${this.session}/goog/cdp/execute`, "POST", { cmd: "Emulation.clearDeviceMetricsOverride", params: {} });
  }

  /** @param {string} script the body of a function @returns {Promise<any>} */
  run(script) {
    return call(`${this.session}/execute/sync`, "POST", { script, args: [] });
  }

  /**
   * Runs the script until `isSeen` accepts its result.
   * @param {string} script
   * @param {(result: any) => boolean} isSeen
   */
  async sees(script, isSeen) {
    /** @type {any} */
    let seen;
    let isAsking = false;
    const ask = async () => {
      isAsking = true;
      seen = await this.run(script);
      isAsking = false;
    };
    await until(script, () => (seen !== undefined && isSeen(seen)) || (isAsking ? false : void ask()), () => seen);
    return seen;
  }
}

/** @param {string} url @param {string} method @param {object} [body] @returns {Promise<any>} */
async function call(url, method, body) {
  const response = await fetch(url, { method, body: body && JSON.stringify(body), headers: { "content-type": "application/json" } });
  const { value } = await response.json();
  if (!response.ok) throw new Error(`chromedriver: ${value.error}: ${value.message}`);
  return value;
}

/** @param {string} name */
function programOf(name) {
  const places = (process.env.PATH ?? "").split(path.delimiter).map((folder) => path.join(folder, name));
  const found = places.find((place) => {
    try {
      accessSync(place, constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
  if (found === undefined) throw new Error(`${name} is not on PATH; \`make test\` says how to install it`);
  return found;
}
