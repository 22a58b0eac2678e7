/** The Worker: checks every request and passes it to the room (Durable Object) of its token. */

import { requireBearer } from "./auth.js";
import { readText } from "./body.js";
import { badRequest, Refusal } from "./errors.js";
import { sumConnections } from "./room_counts.js";
import { isToken, isUpdateId } from "./ids.js";
import { LIMITS } from "./limits.js";
import { log } from "./log.js";
import { parseCensus, parseMove } from "./move_requests.js";
import { isOriginAllowed } from "./origin.js";
import { clientScript, pageScript, testPage } from "./page.js";
import { networkOf, RateLimit } from "./rate.js";
import { settingsOf } from "./settings.js";
import { parseUpdates } from "./update.js";

export { BroadcastRoom } from "./room.js";

/** @typedef {import("./settings.js").Env} Env */
/** @typedef {import("./settings.js").Settings} Settings */

/**
 * A request, with what its handler needs.
 * @typedef {object} Call
 * @property {Request} request
 * @property {URL} url
 * @property {string} token the last part of the path; checked by `requireToken`
 * @property {Settings} settings
 * @property {Env} env
 */

/** @type {Readonly<Record<string, {method: string, answer: (call: Call) => Response | Promise<Response>}>>} */
const ROUTES = Object.freeze({
  "/": { method: "GET", answer: ofTestPage(({ url, settings }) => testPage(url.host, settings)) },
  "/client.js": { method: "GET", answer: ofTestPage(clientScript) },
  "/page.js": { method: "GET", answer: ofTestPage(pageScript) },
  "/health": { method: "GET", answer: health },
  "/census": { method: "POST", answer: census },
  "/moves": { method: "POST", answer: move },
  "/broadcast/": { method: "POST", answer: broadcast },
  "/ws/": { method: "GET", answer: connect },
});

/**
 * Counted per isolate. A data centre may run several isolates, so a client may connect a few times as often as the
 * setting says.
 * @type {RateLimit<string>}
 */
const connects = new RateLimit(LIMITS.connectPeriodMs);

export default {
  /**
   * @param {Request} request
   * @param {Env} env
   */
  async fetch(request, env) {
    try {
      return await route(request, env);
    } catch (error) {
      return refusal(error);
    }
  },
};

/**
 * @param {Request} request
 * @param {Env} env
 */
function route(request, env) {
  const url = new URL(request.url);
  const [, path, token] = /^(\/(?:(?:broadcast|ws)\/)?)([^/]*)$/.exec(url.pathname) ?? [];
  const route = path === "/" ? ROUTES[url.pathname] : ROUTES[path ?? ""];
  if (route === undefined) throw new Refusal("UNKNOWN_PATH", "there is nothing at this path");
  if (request.method !== route.method) {
    throw new Refusal("WRONG_METHOD", `use ${route.method}`, { allow: route.method });
  }
  return route.answer({ request, url, token, settings: settingsOf(env), env });
}

function health() {
  return answer(200, { status: "healthy", timestamp: new Date().toISOString() });
}

/** @param {(call: Call) => Response} answer @returns {(call: Call) => Response} */
function ofTestPage(answer) {
  return (call) => {
    if (call.settings.hasTestPage) return answer(call);
    throw new Refusal("UNKNOWN_PATH", "the test page is off; TEST_PAGE turns it on");
  };
}

/** @param {Call} call */
async function broadcast({ request, token, settings, env }) {
  await requireBearer(request.headers.get("authorization"), settings.secrets);
  requireToken(token, settings);
  const updates = await parseUpdates(await readText(request, LIMITS.bodyBytes), token);
  const { connections, isAway } = await env.BROADCAST_ROOM.getByName(token).broadcast({ updates });
  return answer(200, { success: true, connections, ...(isAway && { away: true }) });
}

/** Counts the clients of some tokens, so that the mover can choose the jitter. @param {Call} call */
async function census({ request, settings, env }) {
  await requireBearer(request.headers.get("authorization"), settings.secrets);
  const { tokens } = parseCensus(await readText(request, LIMITS.bodyBytes));
  const connections = await sumConnections(tokens, (token) => env.BROADCAST_ROOM.getByName(token).census());
  return answer(200, { success: true, connections });
}

/**
 * Passes the mover's order to the rooms. TOKENS is not checked here, nor for the census: a token that was removed from
 * it may still have connected clients. If one room fails, the mover sends the whole order again; repeats do no harm.
 * @param {Call} call
 */
async function move({ request, settings, env }) {
  await requireBearer(request.headers.get("authorization"), settings.secrets);
  const { tokens, ...order } = parseMove(await readText(request, LIMITS.bodyBytes));
  const connections = await sumConnections(tokens, (token) => {
    const room = env.BROADCAST_ROOM.getByName(token);
    return order.path === "edge" ? room.moveHere(order) : room.moveAway({ token, ...order });
  });
  log("moved", { path: order.path, tokens: tokens.length, connections });
  return answer(200, { success: true, connections });
}

/** @param {Call} call */
async function connect({ request, url, token, settings, env }) {
  if (request.headers.get("upgrade")?.toLowerCase() !== "websocket") {
    throw new Refusal("UPGRADE_REQUIRED", "open this path as a WebSocket", { upgrade: "websocket" });
  }
  if (!isOriginAllowed(request.headers.get("origin"), { own: url.origin, ...settings })) {
    throw new Refusal("FORBIDDEN", "this Origin may not connect; ALLOWED_ORIGINS lists those that may");
  }
  requireToken(token, settings);
  const wish = connectParameters(url.searchParams);
  const ip = request.headers.get("cf-connecting-ip");
  if (ip !== null && !connects.allows(networkOf(ip), settings.connectsPerMinute, Date.now())) {
    throw new Refusal("TOO_MANY_CONNECTS", "too many connects from this address", RETRY_LATER);
  }
  wish.set("colo", String(request.cf?.colo ?? ""));
  const response = await env.BROADCAST_ROOM.getByName(token).fetch(`https://room/?${wish}`, { headers: { upgrade: "websocket" } });
  if (response.status === 503) throw unavailable("this room is full");
  return response;
}

/**
 * @param {string} token
 * @param {Settings} settings
 */
function requireToken(token, { tokens, symbols }) {
  if (!isToken(token)) throw badRequest("the token must match ^[A-Za-z0-9_-]{1,64}$");
  if (tokens.length === 0 || tokens.includes(token)) return;
  const meant = symbols.get(token);
  const what = meant === undefined ? "is not streamed by this stack; add it to glow:tokens or use one of those" : `is a symbol; on the wire it is ${meant}`;
  throw new Refusal("UNKNOWN_TOKEN", `token ${token} ${what}`);
}

/** @param {URLSearchParams} given */
function connectParameters(given) {
  const after = given.get("after");
  const delivery = given.get("delivery");
  if (after !== null && !isUpdateId(after)) throw badRequest("after must be the id of an update, as PRICE_UPDATE carries it in id");
  if (delivery !== null && delivery !== "latest") throw badRequest('delivery must be "latest" or left out');
  return new URLSearchParams({ ...(after !== null && { after }), ...(delivery !== null && { delivery }) });
}

/**
 * Turns an error into a response.
 * @param {unknown} error
 */
function refusal(error) {
  if (!(error instanceof Refusal)) {
    // The room threw, for example because it is overloaded or was reset by a deployment. Its text goes to the log only.
    log("request_failed", { error: String(error) });
    return refusal(unavailable("the room did not answer; try again"));
  }
  const { status, code, message, headers } = error;
  return answer(status, { success: false, error: { code, message } }, headers);
}

/** @param {string} message */
const unavailable = (message) => new Refusal("UNAVAILABLE", message, RETRY_LATER);

const RETRY_LATER = { "retry-after": String(LIMITS.retryAfterSeconds) };

/**
 * @param {number} status
 * @param {object} body
 * @param {Record<string, string>} [headers]
 */
function answer(status, body, headers = {}) {
  return Response.json(body, { status, headers: { "cache-control": "no-store", ...headers } });
}
