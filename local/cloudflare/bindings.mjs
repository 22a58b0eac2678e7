/** Bindings of a version: checked as Cloudflare checks them, answered without secrets, passed to miniflare. */

import { ApiError } from "./errors.mjs";

/**
 * @typedef {import("./state.mjs").Binding} Binding
 * @typedef {import("./state.mjs").Version} Version
 * @typedef {import("./classes.mjs").Namespaces} Namespaces
 */

const TYPES = ["analytics_engine", "durable_object_namespace", "plain_text", "ratelimit", "secret_text", "version_metadata"];

/**
 * @param {Binding[]} bindings
 * @param {Namespaces} namespaces those that exist when the version runs
 * @param {Record<string, unknown>} declared the version's live exports
 */
export function checkBindings(bindings, namespaces, declared) {
  for (const { name, type, text, class_name = "", dataset, script_name, namespace_id, simple } of bindings) {
    if (!TYPES.includes(type)) {
      throw new ApiError("BAD_REQUEST", `binding ${name}: type ${type} is not emulated; the local cloud knows ${TYPES.join(", ")}`);
    }
    if ((type === "secret_text" || type === "plain_text") && typeof text !== "string") {
      throw new ApiError("DOES_NOT_START", `binding ${name} of type ${type} must have text`);
    }
    if (type === "ratelimit" && !(/^[1-9]\d*$/.test(namespace_id ?? "") && simple && [10, 60].includes(simple.period))) {
      throw new ApiError("BAD_REQUEST", `binding ${name}: a rate limit has a namespace_id, a whole number above 0, and a period of 10 or 60 s`);
    }
    if (type === "analytics_engine" && !dataset) throw new ApiError("BAD_REQUEST", `binding ${name} of type ${type} must have a dataset`);
    if (script_name !== undefined) {
      throw new ApiError("BAD_REQUEST", `binding ${name}: a class of another script (script_name) is not emulated`);
    }
    if (type !== "durable_object_namespace" || class_name in namespaces) continue;
    if (class_name in declared) {
      throw new ApiError(
        "CLASS_NOT_PROVISIONED",
        `binding ${name}: class ${class_name} has no storage before a version that exports it is deployed`,
      );
    }
    throw new ApiError(
      "NOT_A_DURABLE_OBJECT",
      `Cannot create binding ${name} to class ${class_name}: it is no Durable Object of this Worker. Declare it in exports.`,
    );
  }
}

/**
 * Bindings as the API answers them: sorted, without secrets, with the namespace id of each class.
 * @param {Binding[]} bindings
 * @param {Namespaces} namespaces
 */
export function readBack(bindings, namespaces) {
  return [...bindings]
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .map(({ text, ...binding }) => ({
      ...binding,
      ...(binding.type === "plain_text" ? { text } : {}),
      ...(binding.class_name ? { namespace_id: namespaces[binding.class_name] } : {}),
    }));
}

/**
 * The values of the bindings that are plain data, for the Worker's environment.
 * @param {Version} version
 * @returns {Record<string, any>}
 */
export function values(version) {
  const metadata = {
    id: version.id,
    tag: version.annotations["workers/tag"] ?? "",
    timestamp: version.created_on,
  };
  return Object.fromEntries(
    version.bindings
      .filter(({ type }) => !["analytics_engine", "durable_object_namespace", "ratelimit"].includes(type))
      .map(({ name, type, text }) => [name, type === "version_metadata" ? metadata : text]),
  );
}

/**
 * The rate limits, in miniflare's form.
 * @param {Version} version
 */
export function rateLimits(version) {
  const limits = version.bindings.filter(({ type }) => type === "ratelimit");
  return { ratelimits: Object.fromEntries(limits.map(({ name, simple }) => [name, { simple }])) };
}

/**
 * The data sets, in miniflare's form. It takes the points and keeps none.
 * @param {Version} version
 */
export function datasets(version) {
  const bound = version.bindings.filter(({ type }) => type === "analytics_engine");
  return { analyticsEngineDatasets: Object.fromEntries(bound.map(({ name, dataset = "" }) => [name, { dataset }])) };
}

/**
 * All classes that have storage. Classes without a binding are included, because `ctx.exports` reaches them.
 * @param {Version} version
 * @param {Namespaces} namespaces
 */
export function durableObjects(version, namespaces) {
  /** @param {string} className */
  const designator = (className) => ({
    className,
    useSQLite: true,
    unsafeUniqueKey: namespaces[className],
  });
  const bound = version.bindings.filter(({ type }) => type === "durable_object_namespace");
  const boundClasses = new Set(bound.map(({ class_name }) => class_name));
  return {
    durableObjects: Object.fromEntries(bound.map(({ name, class_name = "" }) => [name, designator(class_name)])),
    additionalUnboundDurableObjects: Object.keys(namespaces)
      .filter((name) => !boundClasses.has(name))
      .map(designator),
  };
}
