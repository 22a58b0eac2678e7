/** What the library takes from its surroundings. The scenarios put virtual time and sockets in its place. */

/** @typedef {import("../glow.js").Socket} Socket */

/**
 * @typedef {object} Host
 * @property {() => number} nowMs of a clock that never goes back, whatever is done to the device's
 * @property {() => number} random
 * @property {(act: () => void, delayMs: number) => () => void} setTimer fires after 24 days at the latest; returns how to cancel it
 * @property {(url: string, controller: AbortController, bearer?: string) => Promise<Response>} fetch
 * @property {new (url: string) => Socket} WebSocket the app may bring its own
 * @property {(act: () => void) => () => void} onWake calls `act` when the device may be back, or on another network; returns how to end it
 * @property {(text: string) => void} warn the developer, who has asked for no states
 */

const MAX_DELAY_MS = 2 ** 31 - 1; // 24 days; a longer one fires at once. An access token may last 30.
const WAKING_EVENTS = ["online", "offline", "visibilitychange"]; // the last one bubbles from the document

/**
 * Calls the app. If it throws, the error goes to the global handler, and the library goes on.
 * @param {() => void} callback
 */
export function tell(callback) {
  try {
    callback();
  } catch (error) {
    setTimeout(() => {
      throw error;
    });
  }
}

/** @typedef {Omit<Host, "WebSocket">} Surroundings */

/** @type {Surroundings} */
export const HOST = {
  nowMs: () => performance.now(),
  random: () => Math.random(),
  setTimer(act, delayMs) {
    const timer = setTimeout(act, Math.min(delayMs, MAX_DELAY_MS));
    return () => clearTimeout(timer);
  },
  fetch: (url, { signal }, bearer) => fetch(url, bearer === undefined ? { signal } : { signal, headers: { authorization: `Bearer ${bearer}` }, redirect: "error" }),
  onWake(act) {
    const controller = new AbortController();
    for (const event of WAKING_EVENTS) globalThis.addEventListener?.(event, act, controller); // Node and React Native have none
    return () => controller.abort();
  },
  warn: (text) => console.error(text),
};
