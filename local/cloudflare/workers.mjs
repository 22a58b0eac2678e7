/** `/accounts/:account/workers/workers`: Workers, without their code. */

import { randomBytes } from "node:crypto";

import { ACCOUNT } from "./account.mjs";
import { read } from "./body.mjs";
import { ApiError } from "./errors.mjs";

/**
 * @typedef {import("./cloud.mjs").Cloud} Cloud
 * @typedef {import("./http.mjs").Request} Request
 * @typedef {import("./state.mjs").State} State
 * @typedef {import("./state.mjs").Worker} Worker
 * @typedef {import("./state.mjs").WorkerSettings} WorkerSettings
 */

const SUBDOMAIN = /** @type {const} */ ({ enabled: "boolean", previews_enabled: "boolean" });

/** @param {Cloud} cloud @param {Request} request */
export function create(cloud, { body }) {
  const settings = settingsOf(body);
  return cloud.change((draft) => {
    if (draft.workers.some(({ name }) => name === settings.name)) {
      throw new ApiError("BAD_REQUEST", `a Worker named ${settings.name} already exists`);
    }
    const now = new Date().toISOString();
    /** @type {Worker} */
    const worker = {
      ...settings,
      id: randomBytes(16).toString("hex"),
      created_on: now,
      updated_on: now,
      deployed_on: null,
      deployed: null,
      uploads: 0,
      versions: [],
      namespaces: {},
    };
    draft.workers.push(worker);
    return answer(draft, worker);
  });
}

/** @param {Cloud} cloud @param {Request} request */
export const get = (cloud, { params }) => answer(cloud.state, find(cloud.state, params.worker));

/** @param {Cloud} cloud */
export const list = (cloud) => cloud.state.workers.map((worker) => answer(cloud.state, worker));

/** @param {Cloud} cloud @param {Request} request */
export function replace(cloud, { params, body }) {
  const settings = settingsOf(body);
  return cloud.change((draft) => {
    const worker = find(draft, params.worker);
    if (settings.name !== worker.name) {
      throw new ApiError("BAD_REQUEST", `renaming a Worker (${worker.name} to ${settings.name}) is not emulated`);
    }
    Object.assign(worker, settings, { updated_on: new Date().toISOString() });
    return answer(draft, worker);
  });
}

/**
 * Deletes the Worker and the data of its Durable Objects; with `force=true` also the domains that lead to it.
 * @param {Cloud} cloud
 * @param {Request} request
 */
export function remove(cloud, { params, query }) {
  return cloud.change((draft) => {
    const worker = find(draft, params.worker);
    const domains = draft.domains.filter(({ service }) => service === worker.name);
    if (domains.length > 0 && query.get("force") !== "true") {
      const hosts = domains.map(({ hostname }) => hostname).join(", ");
      throw new ApiError("STILL_REFERENCED", `Worker ${worker.name} serves ${hosts}. Delete that first, or use ?force=true.`);
    }
    draft.domains = draft.domains.filter(({ service }) => service !== worker.name);
    draft.workers = draft.workers.filter(({ id }) => id !== worker.id);
    return null;
  });
}

/** `/workers/scripts/:script/subdomain`: the workers.dev switch, by the Worker's name. */

/** @param {Cloud} cloud @param {Request} request */
export const getSubdomain = (cloud, { params }) => named(cloud.state, params.script).subdomain;

/** @param {Cloud} cloud @param {Request} request */
export function setSubdomain(cloud, { params, body }) {
  const given = read(body, SUBDOMAIN, ["enabled"]);
  return cloud.change((draft) => {
    const worker = named(draft, params.script);
    worker.subdomain = { ...worker.subdomain, ...given };
    return worker.subdomain;
  });
}

/** @param {Cloud} cloud @param {Request} request */
export const removeSubdomain = (cloud, { params }) =>
  setSubdomain(cloud, { params, body: { enabled: false, previews_enabled: false }, query: new URLSearchParams() });

/**
 * @param {State} state
 * @param {string} idOrName
 */
export function find(state, idOrName) {
  const worker = state.workers.find(({ id, name }) => id === idOrName || name === idOrName);
  if (worker === undefined) throw new ApiError("UNKNOWN_WORKER", `This Worker does not exist on your account: ${idOrName}`);
  return worker;
}

/**
 * The Worker of this name. Scripts, domains and routes refer to a Worker by its name.
 * @param {State} state
 * @param {string} script
 */
export function named(state, script) {
  const worker = state.workers.find(({ name }) => name === script);
  if (worker === undefined) throw new ApiError("UNKNOWN_SCRIPT", `This Worker does not exist on your account: ${script}`);
  return worker;
}

/**
 * All settings of a Worker. Settings missing from the request get Cloudflare's defaults; otherwise `pulumi refresh` would
 * show a difference.
 * @param {unknown} body
 * @returns {WorkerSettings}
 */
function settingsOf(body) {
  const given = read(
    body,
    {
      name: "text",
      logpush: "boolean",
      observability: "object",
      previews_base_config: "object",
      subdomain: "object",
      tags: "list",
      tail_consumers: "list",
    },
    ["name"],
  );
  if (!/^[a-z0-9_][a-z0-9-_]{0,62}$/.test(given.name)) {
    throw new ApiError("BAD_REQUEST", `name must be lower-case letters, digits, - and _, at most 63: ${given.name}`);
  }
  return {
    name: given.name,
    logpush: given.logpush ?? false,
    observability: observabilityOf(given.observability),
    previews_base_config: previewsOf(given.previews_base_config),
    subdomain: subdomainOf(given.name, given.subdomain),
    tags: given.tags ?? [],
    tail_consumers: given.tail_consumers ?? [],
  };
}

const OBSERVABILITY = /** @type {const} */ ({
  enabled: "boolean",
  head_sampling_rate: "number",
  issues: "object",
  logs: "object",
  traces: "object",
});

/** @param {unknown} body */
function observabilityOf(body = {}) {
  return observed(read(body, OBSERVABILITY, [], "observability."));
}

/** @param {Record<string, any>} given */
function observed(given) {
  const enabled = given.enabled ?? false;
  return {
    enabled,
    head_sampling_rate: given.head_sampling_rate ?? 1,
    issues: { enabled: false, ...read(given.issues ?? {}, { enabled: "boolean" }, [], "observability.issues.") },
    logs: { enabled, head_sampling_rate: 1, invocation_logs: true, persist: true, destinations: [], ...given.logs },
    traces: { enabled: false, head_sampling_rate: 1, persist: true, destinations: [], ...given.traces },
  };
}

/**
 * The settings for new previews. Previews themselves are not emulated.
 * @param {unknown} body
 */
function previewsOf(body = {}) {
  const where = "previews_base_config.";
  const given = read(
    body,
    {
      cache_options: "object",
      env: "object",
      limits: "object",
      logpush: "boolean",
      observability: "object",
      placement: "object",
      tail_consumers: "list",
    },
    [],
    where,
  );
  const { redact_query_string = false, ...observability } = read(
    given.observability ?? {},
    { ...OBSERVABILITY, redact_query_string: "boolean" },
    [],
    `${where}observability.`,
  );
  return {
    logpush: false,
    env: {},
    tail_consumers: [],
    ...given,
    cache_options: { enabled: false, cross_version_cache: false, ...given.cache_options },
    observability: { ...observed(observability), redact_query_string },
  };
}

/**
 * The workers.dev switches. A PUT sends the whole object back, and so the addresses too, which only Cloudflare sets.
 * @param {string} name
 * @param {unknown} body
 */
function subdomainOf(name, body = {}) {
  const { url, preview_url_suffix, ...switches } = read(
    body,
    { ...SUBDOMAIN, url: "text", preview_url_suffix: "text" },
    [],
    "subdomain.",
  );
  const addresses = addressesOf(name);
  if ((url ?? addresses.url) !== addresses.url) throw new ApiError("BAD_REQUEST", `subdomain.url is always ${addresses.url}`);
  if ((preview_url_suffix ?? addresses.preview_url_suffix) !== addresses.preview_url_suffix) {
    throw new ApiError("BAD_REQUEST", `subdomain.preview_url_suffix is always ${addresses.preview_url_suffix}`);
  }
  return { enabled: false, previews_enabled: false, ...switches };
}

/**
 * Where the Worker would be served, switched on or not (pulumi-cloudflare 6.23, WorkerSubdomain).
 * @param {string} name
 */
function addressesOf(name) {
  const host = `${name}.${ACCOUNT.subdomain}.workers.dev`;
  return { url: `https://${host}`, preview_url_suffix: `-${host}` };
}

/**
 * @param {State} state
 * @param {Worker} worker
 */
function answer(state, worker) {
  const { deployed: _deployed, uploads: _uploads, versions: _versions, namespaces: _namespaces, ...shown } = worker;
  const domains = state.domains
    .filter(({ service }) => service === worker.name)
    .map(({ id, hostname, zone_id, zone_name, cert_id }) => ({ id, hostname, zone_id, zone_name, certificate_id: cert_id }));
  return {
    ...shown,
    subdomain: { ...worker.subdomain, ...addressesOf(worker.name) },
    references: { dispatch_namespace_outbounds: [], domains, durable_objects: [], queues: [], workers: [] },
  };
}
