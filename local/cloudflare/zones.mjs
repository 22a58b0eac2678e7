/** What leads requests to a Worker: custom domains of the account, and routes and DNS records of its zone. */

import { randomBytes, randomUUID } from "node:crypto";

import { ACCOUNT } from "./account.mjs";
import { read } from "./body.mjs";
import { ApiError } from "./errors.mjs";
import { named } from "./workers.mjs";

/**
 * @typedef {import("./cloud.mjs").Cloud} Cloud
 * @typedef {import("./http.mjs").Request} Request
 * @typedef {import("./state.mjs").State} State
 * @typedef {import("./errors.mjs").ErrorName} ErrorName
 */

const newId = () => randomBytes(16).toString("hex");

/**
 * Attaches a host to a Worker. Another PUT of the same host moves it.
 * @param {Cloud} cloud
 * @param {Request} request
 */
export function putDomain(cloud, { body }) {
  const given = read(
    body,
    { hostname: "text", service: "text", zone_id: "text", zone_name: "text", environment: "text" },
    ["hostname", "service"],
  );
  const { zone } = ACCOUNT;
  if (!isWithinZone(given.hostname) || (given.zone_id ?? zone.id) !== zone.id) {
    throw new ApiError("ZONE_NOT_FOUND", `workers.api.error.zone_not_found for "${given.hostname}"; the account's zone is ${zone.name} (${zone.id})`);
  }
  return cloud.change((draft) => {
    deployed(draft, given.service);
    if (draft.records.some(({ name, type }) => name === given.hostname && ADDRESSES.includes(type))) {
      throw new ApiError("HOST_HAS_RECORD", `Hostname '${given.hostname}' already has externally managed DNS records (A, CNAME, etc). Delete them, or try a different hostname.`);
    }
    const before = draft.domains.find(({ hostname }) => hostname === given.hostname);
    const domain = {
      id: before?.id ?? newId(),
      hostname: given.hostname,
      service: given.service,
      environment: given.environment ?? "production",
      zone_id: zone.id,
      zone_name: zone.name,
      cert_id: before?.cert_id ?? randomUUID(),
    };
    draft.domains = [...draft.domains.filter(({ id }) => id !== domain.id), domain];
    return domain;
  });
}

/** @param {Cloud} cloud @param {Request} request */
export const getDomain = (cloud, { params }) => pick(cloud.state.domains, params.id, "NOT_FOUND");

/** @param {Cloud} cloud @param {Request} request */
export function removeDomain(cloud, { params }) {
  return cloud.change((draft) => {
    draft.domains = without(draft.domains, params.id, "NOT_FOUND");
    return null;
  });
}

/** @param {Cloud} cloud @param {Request} request */
export function createRoute(cloud, { body }) {
  return cloud.change((draft) => {
    const route = { id: newId(), ...routeOf(draft, body) };
    if (draft.routes.some(({ pattern }) => pattern === route.pattern)) {
      throw new ApiError("ROUTE_TAKEN", `A route with the same pattern already exists: ${route.pattern}`);
    }
    draft.routes.push(route);
    return route;
  });
}

/** @param {Cloud} cloud @param {Request} request */
export const getRoute = (cloud, { params }) => pick(cloud.state.routes, params.id, "NOT_FOUND");

/** @param {Cloud} cloud @param {Request} request */
export function replaceRoute(cloud, { params, body }) {
  return cloud.change((draft) => {
    const route = { id: params.id, ...routeOf(draft, body) };
    draft.routes = [...without(draft.routes, params.id, "NOT_FOUND"), route];
    return route;
  });
}

/** @param {Cloud} cloud @param {Request} request */
export function removeRoute(cloud, { params }) {
  return cloud.change((draft) => {
    draft.routes = without(draft.routes, params.id, "NOT_FOUND");
    return { id: params.id };
  });
}

/** @param {Cloud} cloud @param {Request} request */
export function createRecord(cloud, { body }) {
  return cloud.change((draft) => {
    const now = new Date().toISOString();
    const record = { id: newId(), ...recordOf(draft, body), created_on: now, modified_on: now };
    draft.records.push(record);
    return record;
  });
}

/** @param {Cloud} cloud @param {Request} request */
export const getRecord = (cloud, { params }) => pick(cloud.state.records, params.id, "UNKNOWN_RECORD");

/** @param {Cloud} cloud @param {Request} request */
export function replaceRecord(cloud, { params, body }) {
  return cloud.change((draft) => {
    const { created_on } = pick(draft.records, params.id, "UNKNOWN_RECORD");
    const record = { id: params.id, ...recordOf(draft, body), created_on, modified_on: new Date().toISOString() };
    draft.records = [...without(draft.records, params.id, "UNKNOWN_RECORD"), record];
    return record;
  });
}

/** @param {Cloud} cloud @param {Request} request */
export function removeRecord(cloud, { params }) {
  return cloud.change((draft) => {
    draft.records = without(draft.records, params.id, "UNKNOWN_RECORD");
    return { id: params.id };
  });
}

/**
 * @param {State} state
 * @param {unknown} body
 * @returns {{pattern: string, script?: string}}
 */
function routeOf(state, body) {
  const { pattern, script } = read(body, { pattern: "text", script: "text" }, ["pattern"]);
  if (script !== undefined) deployed(state, script);
  return { pattern, ...(script === undefined ? {} : { script }) };
}

// Types of records that a host of a custom domain cannot have: the domain has one of its own.
const ADDRESSES = ["A", "AAAA", "CNAME"];
const RECORD_SETTINGS = /** @type {const} */ ({ ipv4_only: "boolean", ipv6_only: "boolean", flatten_cname: "boolean" });

/**
 * @param {State} state
 * @param {unknown} body
 * @returns {{name: string, type: string} & Record<string, unknown>}
 */
function recordOf(state, body) {
  const given = read(
    body,
    {
      name: "text",
      type: "text",
      content: "text",
      ttl: "number",
      proxied: "boolean",
      comment: "text",
      settings: "object",
      tags: "list",
    },
    ["name", "type", "content", "ttl"],
  );
  // Without a change of them, the real plugin still sends `{}` when it updates a record.
  const settings = read(given.settings ?? {}, RECORD_SETTINGS, [], "settings.");
  const name = isWithinZone(given.name) ? given.name : `${given.name}.${ACCOUNT.zone.name}`;
  if (ADDRESSES.includes(given.type) && state.domains.some(({ hostname }) => hostname === name)) {
    throw new ApiError("HOST_IS_DOMAIN", `An A, AAAA, or CNAME record with that host already exists: ${name} is a custom domain of a Worker.`);
  }
  return { proxied: false, tags: [], ...given, name, type: given.type, proxiable: true, meta: {}, settings };
}

/** @param {string} hostname */
function isWithinZone(hostname) {
  return hostname === ACCOUNT.zone.name || hostname.endsWith(`.${ACCOUNT.zone.name}`);
}

/**
 * Refuses a Worker that does not exist or has no live version.
 * @param {State} state
 * @param {string} script
 */
function deployed(state, script) {
  if (named(state, script).deployed === null) {
    throw new ApiError("UNKNOWN_SCRIPT", `Worker ${script} has no deployed version yet. Deploy one first.`);
  }
}

/**
 * @template {{id: string}} T
 * @param {readonly T[]} things
 * @param {string} wanted
 * @param {ErrorName} unknown
 */
function pick(things, wanted, unknown) {
  const thing = things.find(({ id }) => id === wanted);
  if (thing === undefined) throw new ApiError(unknown, `not found: ${wanted}`);
  return thing;
}

/**
 * @template {{id: string}} T
 * @param {readonly T[]} things
 * @param {string} unwanted
 * @param {ErrorName} unknown
 */
function without(things, unwanted, unknown) {
  const thing = pick(things, unwanted, unknown);
  return things.filter((other) => other !== thing);
}
