/** What benches print: rows of tables in Markdown, and the figures in them. */

/** Prints a row of a table. @param {string[]} cells */
export function row(...cells) {
  console.log(`| ${cells.join(" | ")} |`);
}

/** @param {number} figure */
export const shown = (figure) => figure.toLocaleString("en", { maximumFractionDigits: figure < 10 ? 2 : 0 });

/** @param {readonly number[]} figures */
export const median = (figures) => percentileOf(figures, 0.5);

/** @param {readonly number[]} figures @param {number} part from 0 to 1 */
export const percentileOf = (figures, part) => figures.toSorted((a, b) => a - b)[Math.floor(part * (figures.length - 1))];
