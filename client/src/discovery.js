/** Asks the stack where tokens are served. Tokens of a feed that ask at once share a call. */

import { Gatherer } from "./gatherer.js";

/** @typedef {import("./rest.js").Rest} Rest */
/** @typedef {import("./rest.js").Place} Place */
/** @typedef {import("./scope.js").Scope} Scope */
/** @typedef {{token: string, avoid: string | null, answer: (place: Promise<Place>) => void}} Question */

const MAX_TOKENS = 100; // of a call
const MAX_LETTERS = 5_000; // of its tokens: API Gateway takes 10,240 bytes of address and headers, and a pass may have 4 KB

export class Discovery {
  #rest;
  #scope;
  #asksForMany;
  #gatherer;
  /** @type {Question[]} */
  #questions = [];

  /** @param {Rest} rest @param {Scope} scope @param {boolean} asksForMany */
  constructor(rest, scope, asksForMany) {
    this.#rest = rest;
    this.#scope = scope;
    this.#asksForMany = asksForMany;
    this.#gatherer = new Gatherer(scope, () => this.#askAll());
  }

  /** @param {string} token @param {string | null} avoid a path @returns {Promise<Place>} */
  ask(token, avoid) {
    if (!this.#asksForMany) return this.#rest.route(this.#scope, token, avoid);
    this.#gatherer.ask();
    return new Promise((answer) => this.#questions.push({ token, avoid, answer }));
  }

  #askAll() {
    for (const questions of calls(this.#questions.splice(0))) {
      const places = this.#rest.routes(this.#scope, questions.map(({ token }) => token), questions[0].avoid);
      for (const [index, { answer }] of questions.entries()) answer(places.then((all) => placeOrThrow(all[index])));
    }
  }
}

/** @param {Place | Error} place */
function placeOrThrow(place) {
  if (place instanceof Error) throw place;
  return place;
}

/** The questions of each call. @param {readonly Question[]} questions */
export function calls(questions) {
  /** @type {Question[][]} */
  const calls = [];
  let letters = 0;
  for (const question of [...questions].sort((a, b) => `${a.avoid}`.localeCompare(`${b.avoid}`))) {
    const call = calls.at(-1);
    letters += question.token.length + 1;
    if (call !== undefined && call[0].avoid === question.avoid && call.length < MAX_TOKENS && letters <= MAX_LETTERS) call.push(question);
    else {
      calls.push([question]);
      letters = question.token.length + 1;
    }
  }
  return calls;
}
