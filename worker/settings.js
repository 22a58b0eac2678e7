/** Reads the Worker's variables and secrets. No other module does. */

/** Where Cloudflare can be asked to place an object (docs "Data location"). */
const LOCATION_HINTS = /** @type {const} */ (["wnam", "enam", "sam", "weur", "eeur", "apac", "oc", "afr", "me"]);

/** @typedef {(typeof LOCATION_HINTS)[number]} LocationHint */
const ALGORITHMS = /** @type {const} */ (["HS256", "RS256", "ES256"]);

/**
 * @typedef {object} Env
 * @property {DurableObjectNamespace<import("./room.js").BroadcastRoom>} BROADCAST_ROOM
 * @property {DurableObjectNamespace<import("./hub.js").ClientHub>} CLIENT_HUB
 * @property {string} [WEBHOOK_SECRET]
 * @property {string} [WEBHOOK_SECRET_PREVIOUS] set during a rotation
 * @property {string} [LISTENERS] "token": whoever listens shows an access token; default "open"
 * @property {string} [LISTENER_ALGORITHM] by which access tokens are signed: HS256, RS256 or ES256
 * @property {string} [LISTENER_SECRET] for HS256
 * @property {string} [LISTENER_SECRET_PREVIOUS] set during a rotation
 * @property {string} [LISTENER_PUBLIC_KEY] in PEM, for the others
 * @property {string} [ALLOWED_ORIGINS] comma-separated; an entry may end in ":*" for any port
 * @property {string} [REQUIRE_ORIGIN] "true" refuses clients that send no Origin
 * @property {string} [TOKENS] comma-separated, each SYMBOL=token or a token alone; unset serves every token
 * @property {string} [WINDOW_MS] default 50
 * @property {string} [MAX_BUFFERED_BYTES] default 262144
 * @property {string} [MAX_CONNECTIONS_PER_ROOM] default 2000
 * @property {string} [MAX_CLIENTS_PER_HUB] default 1000
 * @property {string} [MAX_TOKENS_PER_HUB] default 500
 * @property {RateLimiter} [CONNECT_LIMIT] counts the connects of a network
 * @property {AnalyticsEngineDataset} [ANALYTICS] set where edge.analytics is on
 * @property {string} [LOCATION_HINT] where rooms are made; unset: near whoever uses a room first
 * @property {string} [ROOM_GENERATION] default 0; another number makes new rooms
 * @property {string} [LOG_SAMPLING] share of the ordinary log events, default 1
 * @property {string} [TEST_PAGE] "true" serves the test page at /
 * @property {string} [REST_API_URL] the stack's REST API: a room reads there what it has missed; so does the test page
 * @property {string} [WEBSOCKET_URL] of the AWS path, for the test page
 */

/** Cloudflare's rate limiting binding. @typedef {{limit: (options: {key: string}) => Promise<{success: boolean}>}} RateLimiter */

/**
 * Settings as the code uses them.
 * @param {Env} env
 */
export function settingsOf(env) {
  return {
    secrets: rotated(env.WEBHOOK_SECRET, env.WEBHOOK_SECRET_PREVIOUS),
    listeners: listenersOf(env),
    allowedOrigins: listOf(env.ALLOWED_ORIGINS),
    requiresOrigin: env.REQUIRE_ORIGIN === "true",
    ...tokensOf(env.TOKENS),
    windowMs: wholeNumber("WINDOW_MS", env.WINDOW_MS, 50),
    maxBufferedBytes: wholeNumber("MAX_BUFFERED_BYTES", env.MAX_BUFFERED_BYTES, 256 * 1024),
    maxConnections: wholeNumber("MAX_CONNECTIONS_PER_ROOM", env.MAX_CONNECTIONS_PER_ROOM, 2_000),
    maxClientsPerHub: wholeNumber("MAX_CLIENTS_PER_HUB", env.MAX_CLIENTS_PER_HUB, 1_000),
    maxTokensPerHub: wholeNumber("MAX_TOKENS_PER_HUB", env.MAX_TOKENS_PER_HUB, 500),
    locationHint: hintOf(env.LOCATION_HINT),
    roomGeneration: wholeNumber("ROOM_GENERATION", env.ROOM_GENERATION, 0),
    logSampling: shareOf("LOG_SAMPLING", env.LOG_SAMPLING, 1),
    hasTestPage: env.TEST_PAGE === "true",
    restApiUrl: urlOf("REST_API_URL", env.REST_API_URL),
    webSocketUrl: urlOf("WEBSOCKET_URL", env.WEBSOCKET_URL),
  };
}

/** @typedef {ReturnType<typeof settingsOf>} Settings */

/**
 * The current secret and, during a rotation, the previous one.
 * @param {...(string | undefined)} secrets
 */
const rotated = (...secrets) => secrets.flatMap((secret) => secret || []);

/**
 * How access tokens are verified; null: everybody may listen.
 * @param {Env} env
 * @returns {import("./listeners.js").Listeners | null}
 */
function listenersOf({ LISTENERS = "open", LISTENER_ALGORITHM, LISTENER_SECRET, LISTENER_SECRET_PREVIOUS, LISTENER_PUBLIC_KEY }) {
  if (LISTENERS === "open") return null;
  if (LISTENERS !== "token") throw new Error(`LISTENERS must be open or token, not "${LISTENERS}"`);
  const algorithm = ALGORITHMS.find((each) => each === LISTENER_ALGORITHM);
  if (algorithm === undefined) throw new Error(`LISTENER_ALGORITHM must be one of ${ALGORITHMS.join(", ")}, not "${LISTENER_ALGORITHM}"`);
  const keys = algorithm === "HS256" ? rotated(LISTENER_SECRET, LISTENER_SECRET_PREVIOUS) : rotated(LISTENER_PUBLIC_KEY);
  if (keys.length === 0) throw new Error(`LISTENERS is token, but there is no key for ${algorithm}`);
  return { algorithm, keys };
}

/** @param {string | undefined} text */
function listOf(text = "") {
  return text
    .split(",")
    .map((entry) => entry.trim())
    .filter((entry) => entry !== "");
}

/**
 * The tokens that are served, and those of them that config has a symbol for, by that symbol.
 * @param {string | undefined} text
 */
function tokensOf(text) {
  const entries = listOf(text).map((entry) => entry.split("="));
  const tokens = entries.map((parts) => parts[parts.length - 1]);
  const symbols = new Map(entries.filter((parts) => parts.length > 1).map(([symbol, token]) => [symbol, token]));
  return { tokens, symbols };
}

/**
 * @param {string} name
 * @param {string | undefined} text
 */
function urlOf(name, text = "") {
  if (text === "") return "";
  if (!URL.canParse(text)) throw new Error(`${name} must be a URL, not "${text}"`);
  return new URL(text).href; // contains no quotes, so it is safe in an HTML attribute
}

/** @param {string | undefined} text */
function hintOf(text = "") {
  if (text === "") return null;
  const hint = LOCATION_HINTS.find((each) => each === text);
  if (hint === undefined) throw new Error(`LOCATION_HINT must be one of ${LOCATION_HINTS.join(", ")}, not "${text}"`);
  return hint;
}

/**
 * @param {string} name
 * @param {string | undefined} text
 * @param {number} otherwise
 */
function shareOf(name, text = "", otherwise) {
  if (text === "") return otherwise;
  const share = Number(text);
  if (!(share >= 0 && share <= 1)) throw new Error(`${name} must be a number from 0 to 1, not "${text}"`);
  return share;
}

/**
 * @param {string} name
 * @param {string | undefined} text
 * @param {number} otherwise
 */
function wholeNumber(name, text, otherwise) {
  if (text === undefined || text === "") return otherwise;
  if (!/^\d{1,9}$/.test(text)) throw new Error(`${name} must be a whole number, not "${text}"`);
  return Number(text);
}
