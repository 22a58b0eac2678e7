/** The HTTP side of Cloudflare's API: bearer token, routing, envelope, errors. It knows nothing about resources. */

import { createServer } from "node:http";

import { ApiError } from "./errors.mjs";

/**
 * @typedef {object} Request
 * @property {Record<string, string>} params parameters in the path
 * @property {URLSearchParams} query
 * @property {unknown} body
 *
 * @typedef {(request: Request) => unknown} Handler returns the result, or a promise of it
 * @typedef {[method: string, path: string, handler: Handler]} Endpoint a path such as "/zones/:zone/dns_records"
 */

// Cloudflare accepts 10 MB of compressed code; uncompressed, in base64 and JSON, it is larger.
const MAX_BODY_BYTES = 32 * 1024 * 1024;

/**
 * @param {object} options
 * @param {string} options.base path before every endpoint
 * @param {string} options.token
 * @param {(params: Record<string, string>) => void} options.authorise throws if the path names what the token may not use
 * @param {Endpoint[]} options.endpoints
 */
export function createApi({ base, token, authorise, endpoints }) {
  const inTurn = queue();
  return createServer(async (request, response) => {
    try {
      if (request.headers.authorization !== `Bearer ${token}`) throw new ApiError("WRONG_TOKEN", "Authentication error");
      const url = new URL(request.url ?? "/", "http://localhost");
      const { handler, params } = endpointFor(endpoints, request.method ?? "GET", url.pathname, base);
      authorise(params);
      const body = await bodyOf(request);
      const result = await inTurn(() => handler({ params, query: url.searchParams, body }));
      answer(response, 200, { result, success: true, errors: [], messages: [], ...resultInfo(result) });
    } catch (error) {
      answerError(response, error);
    }
  });
}

/** Runs requests one at a time, so that each sees the result of the one before. */
function queue() {
  /** @type {Promise<unknown>} */
  let last = Promise.resolve();
  return (/** @type {() => unknown} */ work) => {
    const done = last.then(work);
    last = done.catch(() => {}); // the caller gets the error through `done`
    return done;
  };
}

/**
 * @param {Endpoint[]} endpoints
 * @param {string} method
 * @param {string} pathname
 * @param {string} base
 */
function endpointFor(endpoints, method, pathname, base) {
  if (pathname.startsWith(`${base}/`)) {
    const parts = pathname.slice(base.length).split("/");
    for (const [wanted, path, handler] of endpoints) {
      const params = wanted === method ? match(path.split("/"), parts) : null;
      if (params !== null) return { handler, params };
    }
  }
  throw new ApiError("NO_ENDPOINT", `Could not route to ${method} ${pathname}: the local cloud does not emulate it, or an id in it is empty`);
}

/**
 * @param {string[]} pattern
 * @param {string[]} parts
 * @returns {Record<string, string> | null}
 */
function match(pattern, parts) {
  if (pattern.length !== parts.length) return null;
  /** @type {Record<string, string>} */
  const params = {};
  for (const [index, part] of pattern.entries()) {
    if (part.startsWith(":") && parts[index] !== "") params[part.slice(1)] = decodeURIComponent(parts[index]);
    else if (part !== parts[index]) return null;
  }
  return params;
}

/** @param {import("node:http").IncomingMessage} request */
async function bodyOf(request) {
  const chunks = [];
  let size = 0;
  for await (const chunk of request) {
    size += chunk.length;
    if (size > MAX_BODY_BYTES) throw new ApiError("BAD_REQUEST", `the body is larger than ${MAX_BODY_BYTES} bytes`);
    chunks.push(chunk);
  }
  const text = Buffer.concat(chunks).toString("utf8");
  if (text === "") return undefined;
  try {
    return JSON.parse(text);
  } catch {
    throw new ApiError("BAD_REQUEST", "the body is not JSON"); // the parser's own message would quote the body and its secrets
  }
}

/** @param {unknown} result */
function resultInfo(result) {
  if (!Array.isArray(result)) return {};
  return { result_info: { page: 1, per_page: result.length, count: result.length, total_count: result.length } };
}

/**
 * @param {import("node:http").ServerResponse} response
 * @param {unknown} error
 */
function answerError(response, error) {
  const known = error instanceof ApiError ? error : new ApiError("INTERNAL", String(error));
  if (known !== error) process.stderr.write(`${error instanceof Error ? error.stack : error}\n`);
  const { code, message, meta } = known;
  // No error here goes away by itself, and without this header the real plugin retries for minutes
  // (facts/cloudflare.md §7).
  response.setHeader("x-should-retry", "false");
  answer(response, known.status, {
    result: null,
    success: false,
    errors: [{ code, message, ...(meta === undefined ? {} : { meta }) }],
    messages: [],
  });
}

/**
 * @param {import("node:http").ServerResponse} response
 * @param {number} status
 * @param {object} body
 */
function answer(response, status, body) {
  response.writeHead(status, { "content-type": "application/json" });
  response.end(JSON.stringify(body));
}
