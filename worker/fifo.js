/**
 * A list that grows at its end and shrinks at its beginning. An array moves all that is left for each `shift`, once it is
 * long: with 30,000 entries that took more time than everything else.
 * @template Item
 */
export class Fifo {
  /** @type {Item[]} */
  #items = [];
  #start = 0;

  get length() {
    return this.#items.length - this.#start;
  }

  /** @param {number} index from the beginning @returns {Item | undefined} */
  at(index) {
    return this.#items[this.#start + index];
  }

  /** @param {Item} item */
  push(item) {
    this.#items.push(item);
  }

  /** Takes the first. @returns {Item | undefined} */
  shift() {
    if (this.length === 0) return undefined;
    const item = this.#items[this.#start];
    this.#start += 1;
    if (2 * this.#start >= this.#items.length) {
      this.#items = this.#items.slice(this.#start);
      this.#start = 0;
    }
    return item;
  }

  /** The items from `index` on. @param {number} index */
  from(index) {
    return this.#items.slice(this.#start + index);
  }
}
