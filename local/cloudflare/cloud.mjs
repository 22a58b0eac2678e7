/** The account at work: its state, on disk and in the runtime, changed as one. */

import { ACCOUNT } from "./account.mjs";
import { Runtime } from "./runtime.mjs";
import { StateFile } from "./state.mjs";

/** @typedef {import("./state.mjs").State} State */

export class Cloud {
  #file;
  #state;
  #runtime;

  /**
   * @param {StateFile} file
   * @param {State} state
   * @param {Runtime} runtime
   */
  constructor(file, state, runtime) {
    this.#file = file;
    this.#state = state;
    this.#runtime = runtime;
  }

  /**
   * Continues where the last server on this root stopped.
   * @param {string} root
   * @param {number} workerPort 0 takes a free one
   */
  static async open(root, workerPort) {
    const file = new StateFile(root);
    const state = file.read();
    const runtime = await Runtime.start({ root, port: workerPort, subdomain: ACCOUNT.subdomain, state });
    return new Cloud(file, state, runtime);
  }

  /** @returns {Readonly<State>} */
  get state() {
    return this.#state;
  }

  get workerPort() {
    return this.#runtime.port;
  }

  /** @param {import("./state.mjs").Version} version */
  tryOut(version) {
    return this.#runtime.tryOut(version);
  }

  /**
   * Edits a copy of the state; it counts once the runtime serves it. An edit that throws leaves no trace.
   * @template T
   * @param {(draft: State) => T | Promise<T>} edit
   */
  async change(edit) {
    const draft = structuredClone(this.#state);
    const result = await edit(draft);
    await this.#runtime.serve(draft);
    this.#file.write(draft);
    this.#state = draft;
    return result;
  }

  async close() {
    await this.#runtime.stop();
  }
}
