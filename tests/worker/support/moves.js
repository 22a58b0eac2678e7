/** The mover's orders, and what clients receive, for the tests. */

import { CLOSE } from "../../../worker/close.js";
import { Client, story } from "./edge.js";

/** @typedef {import("./edge.js").Edge} Edge */

export const URL_OF_AWS = "wss://aws.example/live";
export const CLOSED_AS_MOVED = Object.freeze({ code: CLOSE.MOVED.code, reason: CLOSE.MOVED.reason });
const HOUR_MS = 3_600_000;

/** The end of a grace that is still running when the test ends. */
export const farMs = () => Date.now() + HOUR_MS;
/** The end of a grace that ended before the test. */
export const pastMs = () => Date.now() - HOUR_MS;

/**
 * @param {Edge} edge
 * @param {string} token
 * @param {object} [changes]
 */
export const moveAway = (edge, token, changes = {}) =>
  edge.command("/moves", { path: "aws", tokens: [token], url: URL_OF_AWS, liveUrl: URL_OF_AWS, jitterMs: 4000, closeAtMs: farMs(), ...changes });

/**
 * @param {Edge} edge
 * @param {string} token
 * @param {number} servedFromMs
 */
export const moveHere = (edge, token, servedFromMs) => edge.command("/moves", { path: "edge", tokens: [token], servedFromMs });

/**
 * The message that a client receives after `moveAway`.
 * @param {string} token
 * @param {string | null} cursor
 * @param {number} [jitterMs]
 */
export const movedMessage = (token, cursor, jitterMs = 4000) => ({ type: "MOVED", token, path: "aws", url: URL_OF_AWS, liveUrl: URL_OF_AWS, after: cursor, jitterMs });

/**
 * Like `story`, and MOVED messages too.
 * @param {any[]} heard
 */
export const storyWithMoves = (heard) => heard.flatMap((message) => (message.type === "MOVED" ? [message] : story([message])));

/**
 * What a client receives that connects now. A room that reads the table greets later than it answers a ping: then say how
 * many messages are expected, at least.
 * @param {Edge} edge
 * @param {string} token
 * @param {string} [query]
 * @param {number} [messages]
 */
export async function heardBy(edge, token, query = "", messages = 0) {
  const client = await edge.connect(token, { query });
  await client.hasMessages(1 + messages);
  const [, ...heard] = await client.settle();
  await client.close();
  return heard;
}

/**
 * The same for a client that the room closes at once.
 * @param {Edge} edge
 * @param {string} token
 * @param {string} [query]
 */
export async function heardTooLate(edge, token, query = "") {
  const client = new Client(edge.open(token, query));
  const closed = await client.isToldToClose();
  return { heard: client.received.slice(1), closed };
}
