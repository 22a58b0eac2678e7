/** Who may listen to the virtual stack. */

/** @typedef {import("./virtual_socket.js").VirtualSocket} VirtualSocket */

/**
 * The passes that are good, by their text: the second at which each one ends, and the tokens that it is for (all, if it names none).
 * @typedef {Record<string, {endsAt: number, tokens?: string[]}>} Passes
 */

/** @typedef {{code: string, message: string}} Refusal */

/** Why a pass does not let in; null: it does. @param {Passes} passes @param {string | null | undefined} pass @param {number} second @returns {Refusal | null} */
export function whyNot(passes, pass, second) {
  const found = passes[pass ?? ""];
  if (found === undefined) return { code: "UNAUTHORIZED", message: `no such pass: ${pass}` };
  return second < found.endsAt ? null : { code: "TOKEN_EXPIRED", message: `${pass} has ended` };
}

/** Why a pass that lets in is none for the token. @param {Passes} passes @param {string} pass @param {string} token @returns {Refusal | null} */
export function whyNotFor(passes, pass, token) {
  const { tokens } = passes[pass];
  return tokens?.includes(token) ?? true ? null : { code: "FORBIDDEN_TOKEN", message: `${pass} is not for ${token}` };
}
