/** The running account. Changes its state in memory, on disk and in the runtime together, or not at all. */

import { ACCOUNT } from "./account.mjs";
import { Runtime } from "./runtime.mjs";
import { StateFile } from "./state.mjs";
import { Tails } from "./tails.mjs";

/** @typedef {import("./state.mjs").State} State */

export class Cloud {
  #file;
  #state;
  #runtime;

  /**
   * @param {StateFile} file
   * @param {State} state
   * @param {Runtime} runtime
   * @param {Tails} tails
   */
  constructor(file, state, runtime, tails) {
    this.#file = file;
    this.#state = state;
    this.#runtime = runtime;
    this.tails = tails;
  }

  /**
   * Opens the state that the last server left under `root`.
   * @param {string} root
   * @param {number} workerPort 0 takes a free one
   */
  static async open(root, workerPort) {
    const file = new StateFile(root);
    const state = file.read();
    const tails = new Tails();
    const print = tails.print.bind(tails);
    const runtime = await Runtime.start({ root, port: workerPort, subdomain: ACCOUNT.subdomain, state, print });
    return new Cloud(file, state, runtime, tails);
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
   * Edits a copy of the state. The copy becomes the state when the runtime has accepted it; if anything throws, nothing
   * has changed.
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
