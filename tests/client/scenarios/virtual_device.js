/** The device on which an app runs, in virtual time. */

/** @typedef {import("../../../client/src/host.js").Surroundings} Surroundings */
/** @typedef {import("./virtual.js").VirtualStack} VirtualStack */

import { VirtualSocket } from "./virtual_socket.js";

/** A host in the stack's time. @param {VirtualStack} stack @param {number} random */
export class VirtualHost {
  /** What was said on the console. @type {string[]} */
  warnings = [];
  /** What to call when the device wakes. @type {Set<() => void>} */
  waking = new Set();

  /** @param {VirtualStack} stack @param {number} random */
  constructor(stack, random) {
    this.stack = stack;
    this.random = () => random;
    this.WebSocket = class extends VirtualSocket {
      /** @param {string} url */
      constructor(url) {
        super(stack, url);
      }
    };
  }

  /** @returns {Surroundings} */
  get host() {
    const { stack, random, waking } = this;
    return {
      nowMs: () => stack.time.nowMs,
      random,
      setTimer: (act, delayMs) => stack.time.setTimer(act, delayMs),
      fetch: (url, controller, bearer) => stack.fetch(url, controller, bearer),
      onWake(act) {
        waking.add(act);
        return () => void waking.delete(act);
      },
      warn: (text) => void this.warnings.push(text),
    };
  }
}
