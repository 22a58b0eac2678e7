/** The Worker: checks every request and passes it to the room (Durable Object) of its token, or to a hub. */

import { broadcastPoint, coloOf, refusalPoint } from "./analytics.js";
import { requireBearer } from "./auth.js";
import { readText } from "./body.js";
import { requireListed } from "./claims.js";
import { badRequest, Refusal } from "./errors.js";
import { sumConnections } from "./room_counts.js";
import { HubChoice, regionOf } from "./hub_choice.js";
import { isUpdateId } from "./ids.js";
import { LIMITS } from "./limits.js";
import { verifyListener } from "./listeners.js";
import { log, logError, sampleLog } from "./log.js";
import { parseCensus, parseMove } from "./move_requests.js";
import { isOriginAllowed } from "./origin.js";
import { chartLibrary, chartScript, clientScript, pageScript, testPage } from "./page.js";
import { networkOf } from "./rate.js";
import { callRoom, hubOf, isPlatformError, roomOf } from "./rooms.js";
import { requireServed } from "./served.js";
import { settingsOf } from "./settings.js";
import { parseUpdates } from "./update.js";

export { ClientHub } from "./hub.js";
export { BroadcastRoom } from "./room.js";

/** @typedef {import("./settings.js").Env} Env */
/** @typedef {import("./settings.js").Settings} Settings */

/**
 * A request, with what its handler needs.
 * @typedef {object} Call
 * @property {Request} request
 * @property {URL} url
 * @property {string} token the last part of the path; checked by `requireServed`
 * @property {Settings} settings
 * @property {Env} env
 */

/** @type {Readonly<Record<string, {methods: readonly string[], answer: (call: Call) => Response | Promise<Response>}>>} */
const ROUTES = Object.freeze({
  "/": { methods: ["GET"], answer: ofTestPage(({ url, settings }) => testPage(url.host, settings)) },
  "/chart.js": { methods: ["GET"], answer: ofTestPage(chartScript) },
  "/lightweight-charts.js": { methods: ["GET"], answer: ofTestPage(chartLibrary) },
  "/client.js": { methods: ["GET"], answer: ofTestPage(clientScript) },
  "/page.js": { methods: ["GET"], answer: ofTestPage(pageScript) },
  "/health": { methods: ["GET", "HEAD"], answer: health },
  "/census": { methods: ["POST"], answer: census },
  "/moves": { methods: ["POST"], answer: move },
  "/broadcast/": { methods: ["POST"], answer: broadcast },
  "/live": { methods: ["GET"], answer: connectToHub },
  "/ws/": { methods: ["GET"], answer: connect },
});

export default {
  /**
   * @param {Request} request
   * @param {Env} env
   */
  async fetch(request, env) {
    try {
      return await route(request, env);
    } catch (error) {
      const refused = refusalOf(error);
      env.ANALYTICS?.writeDataPoint(refusalPoint({ code: refused.code, colo: coloOf(request) }));
      return answer(refused.status, { success: false, error: { code: refused.code, message: refused.message } }, refused.headers);
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
  if (!route.methods.includes(request.method)) {
    const allow = route.methods.join(", ");
    throw new Refusal("WRONG_METHOD", `use ${allow}`, { allow });
  }
  const settings = settingsOf(env);
  sampleLog(settings.logSampling);
  return route.answer({ request, url, token, settings, env });
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
async function broadcast({ request, url, token, settings, env }) {
  await requireBearer(request.headers.get("authorization"), settings.secrets);
  requireServed(token, settings);
  const stored = storedParameter(url.searchParams);
  const updates = await parseUpdates(await readText(request, LIMITS.bodyBytes), token);
  const askedMs = Date.now();
  const { connections, isAway } = await callRoom(() => roomOf(token, env, settings), (room) => room.broadcast({ updates, stored }));
  // The clock stands still while the Worker computes. This was waiting, so it went on.
  env.ANALYTICS?.writeDataPoint(broadcastPoint({ token, colo: coloOf(request), updates: updates.length, connections, ms: Date.now() - askedMs }));
  return answer(200, { success: true, connections, ...(isAway && { away: true }) });
}

/** Whether the publisher says that the price table has the updates. @param {URLSearchParams} given */
function storedParameter(given) {
  const said = given.getAll("stored").join();
  if (!["", "true", "false"].includes(said)) throw badRequest("stored must be true or false, or left out");
  return said === "true";
}

/** Counts the clients of some tokens, so that the mover can choose the jitter. @param {Call} call */
async function census({ request, settings, env }) {
  await requireBearer(request.headers.get("authorization"), settings.secrets);
  const { tokens } = parseCensus(await readText(request, LIMITS.bodyBytes));
  const connections = await sumConnections(tokens, (token) => callRoom(() => roomOf(token, env, settings), (room) => room.census()));
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
  const connections = await sumConnections(tokens, (token) =>
    callRoom(() => roomOf(token, env, settings), (room) => (order.path === "edge" ? room.moveHere(order) : room.moveAway({ token, ...order }))),
  );
  log("moved", { path: order.path, tokens: tokens.length, connections });
  return answer(200, { success: true, connections });
}

/** Opens a socket for one token. @param {Call} call */
async function connect(call) {
  const { url, token, settings, env } = call;
  requireUpgrade(call);
  requireServed(token, settings);
  const wish = connectParameters(url.searchParams);
  for (const [name, value] of await admitted(call)) wish.set(name, value);
  const { endsAtMs } = await listenerOf(call);
  if (endsAtMs !== Infinity) wish.set("until", String(endsAtMs));
  const response = await callRoom(() => roomOf(token, env, settings), (room) => room.fetch(`https://room/?${wish}`, UPGRADE));
  if (response.status === 503) throw unavailable("this room is full; open /live");
  return requireSeat(response);
}

/** Opens a socket for many tokens. @param {Call} call */
async function connectToHub(call) {
  const { request, env } = call;
  requireUpgrade(call);
  const wish = await admitted(call);
  const region = regionOf(request.cf);
  for (const number of HUBS.numbers(region ?? "", Date.now())) {
    const response = await callRoom(() => hubOf(region, number, env), (hub) => hub.fetch(`https://hub/?${wish}`, UPGRADE));
    if (response.status !== 503) return requireSeat(response);
    HUBS.noteFull(region ?? "", number, Date.now());
  }
  throw unavailable("the hubs that were asked are full");
}

const HUBS = new HubChoice();

const UPGRADE = { headers: { upgrade: "websocket" } };

/** Refuses what is no WebSocket, and pages that may not connect. @param {Call} call */
function requireUpgrade({ request, url, settings }) {
  if (request.headers.get("upgrade")?.toLowerCase() !== "websocket") {
    throw new Refusal("UPGRADE_REQUIRED", "open this path as a WebSocket", { upgrade: "websocket" });
  }
  if (!isOriginAllowed(request.headers.get("origin"), { own: url.origin, ...settings })) {
    throw new Refusal("FORBIDDEN", "this Origin may not connect; ALLOWED_ORIGINS lists those that may");
  }
}

/** Counts a connect of the client's network. What the object is told of the client. @param {Call} call */
async function admitted({ request, env }) {
  const network = networkOf(request.headers.get("cf-connecting-ip") ?? "");
  if (network !== "" && !(await mayConnect(network, env))) throw tooManyConnects("too many connects from this address");
  return new URLSearchParams({ colo: coloOf(request), network });
}

/** What the client of a room may hear. A hub is shown that by a message. @param {Call} call */
async function listenerOf({ url, token, settings }) {
  const claims = await verifyListener(url.searchParams.get("access_token"), settings.listeners, Date.now());
  requireListed(claims, token);
  return claims;
}

/** @param {Response} response */
function requireSeat(response) {
  if (response.status === 429) throw tooManyConnects("too many clients are here from this address");
  return response;
}

/** @param {string} network @param {Env} env */
async function mayConnect(network, { CONNECT_LIMIT }) {
  return CONNECT_LIMIT === undefined || (await CONNECT_LIMIT.limit({ key: network })).success;
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
 * What the caller is told of an error.
 * @param {unknown} error
 */
function refusalOf(error) {
  if (error instanceof Refusal) return error;
  logError("request_failed", error); // the text is for the log only
  return isPlatformError(error) ? unavailable("the room did not answer; try again") : new Refusal("INTERNAL", "a fault of this server; its log has it");
}

/** @param {string} message */
const unavailable = (message) => new Refusal("UNAVAILABLE", message, RETRY_LATER);

/** @param {string} message */
const tooManyConnects = (message) => new Refusal("TOO_MANY_CONNECTS", message, RETRY_LATER);

const RETRY_LATER = { "retry-after": String(LIMITS.retryAfterSeconds) };

/**
 * @param {number} status
 * @param {object} body
 * @param {Record<string, string>} [headers]
 */
function answer(status, body, headers = {}) {
  return Response.json(body, { status, headers: { "cache-control": "no-store", ...headers } });
}
