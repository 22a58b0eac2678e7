/** Makes miniflare's options from the deployed Workers. Pure. */

import { datasets, durableObjects, rateLimits, values } from "./bindings.mjs";

/**
 * @typedef {import("./state.mjs").State} State
 * @typedef {import("./state.mjs").Worker} Worker
 * @typedef {import("./state.mjs").Version} Version
 */

/** Content type → miniflare's module type. Source maps are not modules, so they are missing. */
export const MODULE_TYPES = Object.freeze({
  "application/javascript+module": /** @type {const} */ ("ESModule"),
  "application/octet-stream": /** @type {const} */ ("Data"),
  "application/wasm": /** @type {const} */ ("CompiledWasm"),
  "text/plain": /** @type {const} */ ("Text"),
});

// Answers hosts that lead to no Worker. Not needed while there is one Worker, which answers every host.
const NOBODY = {
  name: "nobody",
  modules: true,
  script: `export default { fetch: () => new Response("No Worker is deployed for this host.\\n", { status: 404 }) };`,
};

/**
 * The Workers to run. If there is only one, it answers every host. So clients need no Host header, and a new
 * domain or route does not change these options, which would restart workerd and drop every socket.
 * @param {State} state
 * @param {string} subdomain the account's subdomain of workers.dev
 */
export function workersOf(state, subdomain) {
  const live = state.workers.flatMap((worker) => {
    const version = worker.versions.find(({ id }) => id === worker.deployed);
    return version === undefined ? [] : [{ worker, version }];
  });
  if (live.length === 1) return live.map(({ worker, version }) => workerOptions(worker, version));
  return [
    NOBODY,
    ...live.map(({ worker, version }) => ({
      ...workerOptions(worker, version),
      routes: routesOf(state, worker, subdomain),
    })),
  ];
}

/**
 * @param {Worker} worker
 * @param {Version} version
 */
function workerOptions(worker, version) {
  return {
    name: worker.id,
    ...codeOptions(version),
    ...durableObjects(version, worker.namespaces),
  };
}

/**
 * Code and plain bindings, without Durable Objects.
 * @param {Version} version
 */
export function codeOptions(version) {
  const isMain = (/** @type {{name: string}} */ { name }) => name === version.main_module;
  return {
    compatibilityDate: version.compatibility_date,
    compatibilityFlags: version.compatibility_flags,
    bindings: values(version),
    ...rateLimits(version),
    ...datasets(version),
    modulesRoot: "/",
    // miniflare takes the first module as the main one.
    modules: [...version.modules.filter(isMain), ...version.modules.filter((module) => !isMain(module))].map((module) => ({
      type: MODULE_TYPES[/** @type {keyof typeof MODULE_TYPES} */ (module.content_type)],
      path: `/${module.name}`,
      contents: Buffer.from(module.content_base64, "base64"),
    })),
  };
}

/**
 * @param {State} state
 * @param {Worker} worker
 * @param {string} subdomain
 */
function routesOf(state, worker, subdomain) {
  return [
    ...state.domains.filter(({ service }) => service === worker.name).map(({ hostname }) => `${hostname}/*`),
    ...state.routes.filter(({ script }) => script === worker.name).map(({ pattern }) => pattern),
    ...(worker.subdomain.enabled ? [`${worker.name}.${subdomain}.workers.dev/*`] : []),
  ];
}
