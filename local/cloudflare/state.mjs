/** The state of the account: one value, saved in one file. */

import { mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import path from "node:path";

/**
 * @typedef {object} Module
 * @property {string} name
 * @property {string} content_type
 * @property {string} content_base64
 *
 * @typedef {object} Binding
 * @property {string} name
 * @property {string} type
 * @property {string} [text] of plain_text and secret_text
 * @property {string} [class_name] of durable_object_namespace
 * @property {string} [namespace_id] of ratelimit: limits with the same one are counted together
 * @property {{limit: number, period: number}} [simple] of ratelimit; the period in seconds
 * @property {string} [dataset] of analytics_engine
 * @property {string} [script_name]
 *
 * @typedef {object} Export
 * @property {string} type
 * @property {string} [storage]
 * @property {string} [state] absent means "created"
 * @property {string} [renamed_to]
 *
 * @typedef {object} Version
 * @property {string} id
 * @property {number} number
 * @property {string} created_on
 * @property {string} main_module
 * @property {Module[]} modules
 * @property {Binding[]} bindings
 * @property {string} [compatibility_date]
 * @property {string[]} compatibility_flags
 * @property {Record<string, Export>} exports
 * @property {Record<string, string>} annotations
 * @property {object} [limits]
 * @property {string} usage_model
 * @property {object} exports_reconciliation
 *
 * @typedef {object} WorkerSettings
 * @property {string} name
 * @property {boolean} logpush
 * @property {Record<string, unknown>} observability
 * @property {Record<string, unknown>} previews_base_config
 * @property {{enabled: boolean, previews_enabled: boolean}} subdomain
 * @property {string[]} tags
 * @property {{name: string}[]} tail_consumers
 *
 * @typedef {object} WorkerLife
 * @property {string} id
 * @property {string} created_on
 * @property {string} updated_on
 * @property {string | null} deployed_on
 * @property {string | null} deployed id of the live version
 * @property {number} uploads how many versions were ever uploaded
 * @property {Version[]} versions newest last
 * @property {Record<string, string>} namespaces Durable Object class → id of its storage
 *
 * @typedef {WorkerSettings & WorkerLife} Worker
 * @typedef {{id: string, hostname: string, service: string, environment: string, zone_id: string, zone_name: string, cert_id: string}} Domain
 * @typedef {{id: string, pattern: string, script?: string}} Route
 * @typedef {{id: string, name: string, type: string, created_on: string} & Record<string, unknown>} DnsRecord
 *
 * @typedef {object} State
 * @property {Worker[]} workers
 * @property {Domain[]} domains
 * @property {Route[]} routes
 * @property {DnsRecord[]} records
 */

/** The state on disk. It contains the Workers' secrets, so only its owner may read it. */
export class StateFile {
  #file;

  /** @param {string} root */
  constructor(root) {
    mkdirSync(root, { recursive: true, mode: 0o700 });
    this.#file = path.join(root, "state.json");
  }

  /** @returns {State} */
  read() {
    try {
      return JSON.parse(readFileSync(this.#file, "utf8"));
    } catch (error) {
      if (/** @type {NodeJS.ErrnoException} */ (error).code !== "ENOENT") throw error;
      return { workers: [], domains: [], routes: [], records: [] };
    }
  }

  /** @param {State} state */
  write(state) {
    const half = `${this.#file}.new`;
    writeFileSync(half, JSON.stringify(state), { mode: 0o600 });
    renameSync(half, this.#file);
  }
}
