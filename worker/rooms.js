/** Finds the room of a token, or a hub, and calls it. */

import { log } from "./log.js";

/** @typedef {DurableObjectStub<import("./room.js").BroadcastRoom>} RoomStub */
/** @typedef {import("./settings.js").Env} Env */
/** @typedef {import("./settings.js").Settings} Settings */

/** No token has it, so it ends the token in a room's name. */
const GENERATION = ".";

/**
 * The room of `token`. Where a room is, is decided when it is first used, for ever: near the publishers by the hint, or it
 * would be near the first client. A new generation has new rooms.
 * @param {string} token
 * @param {Env} env
 * @param {Settings} settings
 * @returns {RoomStub}
 */
export function roomOf(token, env, { locationHint, roomGeneration }) {
  const name = roomGeneration === 0 ? token : `${token}${GENERATION}${roomGeneration}`;
  return env.BROADCAST_ROOM.getByName(name, locationHint === null ? {} : { locationHint });
}

/** The token in the name of a room; "" if the name is not known. @param {string} name */
export const tokenOf = (name) => name.split(GENERATION)[0];

/**
 * A hub for clients of many tokens. It stores nothing, so it is where its first client was.
 * @param {import("./settings.js").LocationHint | null} region
 * @param {number} number
 * @param {Env} env
 */
export function hubOf(region, number, { CLIENT_HUB }) {
  return CLIENT_HUB.getByName(`${region ?? "anywhere"}-${number}`, region === null ? {} : { locationHint: region });
}

/**
 * Calls a room or a hub, and once more if the platform says that this may help: a deployment resets rooms. Whatever is repeated is
 * taken once: a room drops the ids that it has seen, and an order that it has had.
 * @template Stub, Answer
 * @param {() => Stub} room a stub that failed is of no more use
 * @param {(room: Stub) => Promise<Answer>} call
 * @returns {Promise<Answer>}
 */
export async function callRoom(room, call) {
  try {
    return await call(room());
  } catch (error) {
    if (!isRetryable(error)) throw error;
    log("room_called_again", { error: String(error) });
    return call(room());
  }
}

/** What the platform sets on its own errors, not on those of a room's code: it was not reached, was reset, has too much to do. */
const FLAGS = Object.freeze(["retryable", "durableObjectReset", "overloaded"]);

/** @param {unknown} error */
export const isPlatformError = (error) => FLAGS.some((flag) => has(error, flag));

/** More calls would only add to an overload (Cloudflare docs, "Error handling"). @param {unknown} error */
const isRetryable = (error) => isPlatformError(error) && !has(error, "overloaded");

/** @param {unknown} error @param {string} flag */
const has = (error, flag) => error instanceof Error && Reflect.get(error, flag) === true;
