/**
 * The Durable Object classes of a Worker: how a version's `exports` creates, renames and deletes their storage.
 * Pure: the caller makes the ids.
 */

import { ApiError } from "./errors.mjs";

/**
 * @typedef {import("./state.mjs").Export} Export
 * @typedef {Record<string, string>} Namespaces class → id of its storage
 * @typedef {{class: string, scenario: string, message: string, suggestion?: string}} Detail
 */

/** @param {Export} entry */
const isLive = ({ state = "created" }) => state === "created";

/**
 * The exports that the API answers: those that are not marked as deleted or renamed.
 * @param {Record<string, Export>} exports
 */
export const liveExports = (exports) =>
  Object.fromEntries(Object.entries(exports).filter(([, entry]) => isLive(entry)));

/**
 * The namespaces after a deployment, and a summary of what was created, deleted and renamed.
 * @param {Namespaces} namespaces
 * @param {Record<string, Export>} exports
 * @param {() => string} newId
 */
export function reconcile(namespaces, exports, newId) {
  const details = disagreements(namespaces, exports);
  if (details.length > 0) {
    const message = details.map((detail) => detail.message).join(" ");
    throw new ApiError("EXPORTS_DISAGREE", message, { details });
  }
  const entries = Object.entries(exports);
  const renamedFrom = new Map(
    entries.flatMap(([name, { state, renamed_to = "" }]) =>
      state === "renamed" && name in namespaces ? [[renamed_to, name]] : [],
    ),
  );
  /** @type {Namespaces} */
  const after = {};
  const created = [];
  for (const name of Object.keys(liveExports(exports))) {
    const id = namespaces[name] ?? namespaces[renamedFrom.get(name) ?? ""];
    if (id === undefined) created.push(name);
    after[name] = id ?? newId();
  }
  const deleted = entries.flatMap(([name, { state }]) => (state === "deleted" && name in namespaces ? [name] : []));
  const renamed = [...renamedFrom].map(([to, from]) => ({ from, to }));
  return { namespaces: after, summary: { created, deleted, renamed } };
}

/**
 * @param {Namespaces} namespaces
 * @param {Record<string, Export>} exports
 * @returns {Detail[]}
 */
function disagreements(namespaces, exports) {
  const vanished = Object.keys(namespaces)
    .filter((name) => !(name in exports))
    .map((name) => ({
      class: name,
      scenario: "missing_export",
      message: `Class ${name} holds storage, but exports does not mention it.`,
      suggestion: `Keep it in exports, or add {"state": "deleted"} to delete its objects.`,
    }));
  const wrong = Object.entries(exports).flatMap(([name, entry]) => problem(name, entry, namespaces, exports));
  return [...vanished, ...wrong];
}

/**
 * @param {string} name
 * @param {Export} entry
 * @param {Namespaces} namespaces
 * @param {Record<string, Export>} exports
 * @returns {Detail[]}
 */
function problem(name, entry, namespaces, exports) {
  /** @param {string} scenario @param {string} message */
  const one = (scenario, message) => [{ class: name, scenario, message: `Class ${name}: ${message}` }];
  if (entry.type !== "durable-object") return one("invalid_type", `type ${entry.type} is not emulated.`);
  switch (entry.state ?? "created") {
    case "created":
      return entry.storage === "sqlite" ? [] : one("invalid_storage", `storage must be "sqlite".`);
    case "deleted":
      return [];
    case "renamed": {
      const to = entry.renamed_to ?? "";
      if (!(to in exports) || !isLive(exports[to])) return one("invalid_rename", `renamed_to must name a live export.`);
      return to in namespaces && name in namespaces
        ? one("rename_target_exists", `${to} holds storage of its own.`)
        : [];
    }
    default:
      return one("invalid_state", `state ${entry.state} is not emulated.`);
  }
}
