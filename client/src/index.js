/**
 * glow's client library: live prices, each trade exactly once. No dependencies; for browsers, React Native and Node. Made of the
 * modules in client/src by `npm run bundle`.
 */

import { Feed } from "./feed.js";
import { Subscription } from "./subscription.js";

export { Feed, Subscription };

/**
 * A feed of many tokens over one socket per path. It opens nothing before the first token.
 * @param {import("../glow.js").FeedOptions} options
 */
export function connect(options) {
  return new Feed(options);
}

/**
 * Receives the prices of `token` until `close()`. If the stack refuses the token or an option, the state becomes `closed`.
 * @param {string} token
 * @param {import("../glow.js").Options} options
 */
export function subscribe(token, options) {
  return new Subscription(token, options);
}
