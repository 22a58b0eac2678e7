/** `/workers/workers/:worker/versions`: code, bindings and classes; `?deploy=true` makes it live. */

import { randomBytes, randomUUID } from "node:crypto";

import { checkBindings, readBack } from "./bindings.mjs";
import { read } from "./body.mjs";
import { liveExports, reconcile } from "./classes.mjs";
import { ApiError } from "./errors.mjs";
import { MODULE_TYPES } from "./options.mjs";
import { find } from "./workers.mjs";

/**
 * @typedef {import("./cloud.mjs").Cloud} Cloud
 * @typedef {import("./http.mjs").Request} Request
 * @typedef {import("./state.mjs").Module} Module
 * @typedef {import("./state.mjs").Version} Version
 * @typedef {import("./state.mjs").Worker} Worker
 */

// The number of versions kept for each Worker. Cloudflare keeps all, for roll-backs, which are not emulated.
const KEPT = 10;

// Fields of the request. `migrations` is missing, because the program declares its classes with `exports`.
const VERSION = /** @type {const} */ ({
  annotations: "object",
  bindings: "list",
  compatibility_date: "text",
  compatibility_flags: "list",
  exports: "object",
  limits: "object",
  main_module: "text",
  modules: "list",
  usage_model: "text",
});
const MODULE = /** @type {const} */ ({ name: "text", content_type: "text", content_base64: "text" });
const EXPORT = /** @type {const} */ ({ type: "text", storage: "text", state: "text", renamed_to: "text" });
const BINDING = /** @type {const} */ ({ name: "text", type: "text", text: "text", class_name: "text", dataset: "text", script_name: "text", namespace_id: "text", simple: "object" });

/** @param {Cloud} cloud @param {Request} request */
export function create(cloud, { params, query, body }) {
  return cloud.change(async (draft) => {
    const worker = find(draft, params.worker);
    const deploys = query.get("deploy") === "true";
    const version = versionOf(body, worker.uploads + 1);
    const { namespaces, summary } = reconcile(worker.namespaces, version.exports, () => randomBytes(16).toString("hex"));
    const found = deploys ? namespaces : worker.namespaces;
    checkBindings(version.bindings, found, liveExports(version.exports));
    checkClasses(version, await cloud.tryOut(version));

    version.exports_reconciliation = summary;
    worker.uploads = version.number;
    worker.versions.push(version);
    if (deploys) {
      Object.assign(worker, { namespaces, deployed: version.id, deployed_on: version.created_on, updated_on: version.created_on });
    }
    worker.versions = worker.versions.filter(({ id }, index) => id === worker.deployed || index >= worker.versions.length - KEPT);
    return answer(worker, version);
  });
}

/** @param {Cloud} cloud @param {Request} request */
export function get(cloud, { params, query }) {
  const worker = find(cloud.state, params.worker);
  const version = worker.versions.find(({ id }) => id === params.version);
  if (version === undefined) throw new ApiError("NOT_FOUND", `Worker ${worker.name} has no version ${params.version}`);
  const result = answer(worker, version);
  return query.get("include") === "modules" ? { ...result, modules: version.modules } : result;
}

/**
 * @param {unknown} body
 * @param {number} number
 * @returns {Version}
 */
function versionOf(body, number) {
  const given = read(body, VERSION, ["main_module", "modules", "compatibility_date"]);
  const modules = given.modules.map(moduleOf);
  if (!modules.some((/** @type {Module} */ { name }) => name === given.main_module)) {
    throw new ApiError("DOES_NOT_START", `No such module: ${given.main_module}, the main_module`);
  }
  return {
    id: randomUUID(),
    number,
    created_on: new Date().toISOString(),
    main_module: given.main_module,
    modules,
    bindings: (given.bindings ?? []).map((/** @type {unknown} */ binding, /** @type {number} */ index) =>
      read(binding, BINDING, ["name", "type"], `bindings[${index}].`),
    ),
    compatibility_date: given.compatibility_date,
    compatibility_flags: given.compatibility_flags ?? [],
    exports: exportsOf(given.exports ?? {}),
    annotations: { "workers/triggered_by": "create_version_api", ...given.annotations },
    ...(given.limits ? { limits: given.limits } : {}),
    usage_model: given.usage_model ?? "standard",
    exports_reconciliation: {},
  };
}

/**
 * @param {Record<string, unknown>} body
 * @returns {Version["exports"]}
 */
function exportsOf(body) {
  const entries = Object.entries(body).map(([name, entry]) => [name, read(entry, EXPORT, ["type"], `exports.${name}.`)]);
  return Object.fromEntries(entries);
}

/**
 * @param {unknown} body
 * @param {number} index
 */
function moduleOf(body, index) {
  const module = read(body, MODULE, Object.keys(MODULE), `modules[${index}].`);
  if (!Object.hasOwn(MODULE_TYPES, module.content_type)) {
    throw new ApiError("BAD_REQUEST", `module ${module.name}: content_type ${module.content_type} is not emulated`);
  }
  return module;
}

/**
 * @param {Version} version
 * @param {string[]} exported classes that the code exports
 */
function checkClasses(version, exported) {
  const missing = Object.keys(liveExports(version.exports)).filter((name) => !exported.includes(name));
  if (missing.length === 0) return;
  throw new ApiError(
    "CLASS_NOT_EXPORTED",
    `exports declares ${missing.join(", ")}, but ${version.main_module} does not export a class of that name`,
  );
}

/**
 * @param {Worker} worker
 * @param {Version} version
 */
function answer(worker, { modules: _modules, ...version }) {
  return {
    ...version,
    bindings: readBack(version.bindings, worker.namespaces),
    exports: liveExports(version.exports),
    cache_options: { enabled: false, cross_version_cache: false },
    migration_tag: null,
    source: "api",
    startup_time_ms: 1,
    urls: [],
  };
}
