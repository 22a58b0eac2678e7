/** What tests of hubs say and expect. */

import { until } from "./edge.js";

/** @typedef {import("./edge.js").Client} Client */

/** The command for several tokens. @param {readonly (string | object)[]} tokens each alone, or with `after` or `delivery` */
export const subscribeTo = (tokens) => ({
  action: "subscribePrice",
  subscriptions: tokens.map((token) => (typeof token === "string" ? { token } : token)),
});

/** @param {any[]} messages @param {string} type */
export const ofType = (messages, type) => messages.filter((message) => message.type === type);

/** The tokens that a client was told of, in order. @param {any[]} messages */
export const subscribedTokens = (messages) => ofType(messages, "SUBSCRIBED").flatMap(({ token, tokens }) => tokens ?? [token]);

/** The ids that a client received of a token, in order. @param {Client} client @param {string} token */
export const idsOf = ({ updates }, token) => updates.filter((update) => update.token === token).map(({ id }) => id);

/**
 * A client that follows `tokens`, greeted for all of them.
 * @param {import("./edge.js").Edge} edge
 * @param {readonly (string | object)[]} tokens
 */
export async function follow(edge, tokens) {
  const client = await edge.connectLive();
  client.send(subscribeTo(tokens));
  await isServed(client, tokens.length);
  return client;
}

/** @param {Client} client @param {number} count of tokens */
export const isServed = (client, count) => until("SUBSCRIBED", () => subscribedTokens(client.received).length >= count, () => client.received.slice(-3));

/** Waits for a message. @param {Client} client @param {string} type @param {number} [count] */
export async function hears(client, type, count = 1) {
  await until(`${count} of ${type}`, () => ofType(client.received, type).length >= count, () => client.received.slice(-3));
  return ofType(client.received, type);
}
