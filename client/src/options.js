/** Checks what the app passes to `subscribe`, so that a mistake is told at once and not at the first price. Pure. */

/** @typedef {import("../glow.js").Options} Options */

const MAX_FILL = 10_000;

/**
 * The options with their defaults. Throws a TypeError that names what is wrong.
 * @param {string} token
 * @param {Options} options
 */
export function checked(token, options) {
  const { api, region, delivery = "all", onPrice, onState, maxFill = MAX_FILL, WebSocket = globalThis.WebSocket } = options ?? {};
  check(typeof token === "string" && /^[\w-]{1,64}$/.test(token), "token", "1 to 64 of A-Z a-z 0-9 _ -", token);
  check(/^https?:\/\/[^\s?#]+$/.test(api), "api", "the URL RestApiUrl", api);
  check(typeof onPrice === "function", "onPrice", "a function", onPrice);
  check(typeof (onState ?? check) === "function", "onState", "a function", onState);
  check(delivery === "all" || delivery === "latest", "delivery", '"all" or "latest"', delivery);
  check(maxFill > 0, "maxFill", "above 0", maxFill);
  check(WebSocket !== undefined, "WebSocket", "given before Node 22. Pass that of the package ws", WebSocket);
  return { token, api, region: region || undefined, wantsLatest: delivery === "latest", onPrice, onState, maxFill, WebSocket };
}

/** @param {boolean} isRight @param {string} name @param {string} what it must be @param {unknown} value */
function check(isRight, name, what, value) {
  if (!isRight) throw new TypeError(`glow: ${name} must be ${what}; got ${value}`);
}
