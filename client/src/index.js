/**
 * glow's client library: the live prices of a token, each trade exactly once. No dependencies; for browsers, React Native and
 * Node. Made of the modules in client/src by `npm run bundle`.
 */

import { Subscription } from "./subscription.js";

export { Subscription };

/**
 * Receives the prices of `token` until `close()`. If the stack refuses the token or an option, the state becomes `closed`.
 * @param {string} token
 * @param {import("../glow.js").Options} options
 */
export function subscribe(token, options) {
  return new Subscription(token, options);
}
