/** Decides by the Origin header who may open a socket (design.md, Who may connect). */

/**
 * @param {string | null} origin the header; null if the client sends none (mobile apps, wscat)
 * @param {object} rule
 * @param {string} rule.own the Worker's own origin, which its test page and React Native send
 * @param {readonly string[]} rule.allowedOrigins
 * @param {boolean} rule.requiresOrigin
 */
export function isOriginAllowed(origin, { own, allowedOrigins, requiresOrigin }) {
  if (origin === null) return !requiresOrigin;
  return origin === own || allowedOrigins.some((entry) => matches(origin, entry));
}

/**
 * @param {string} origin
 * @param {string} entry an origin, or one whose port is "*"
 */
function matches(origin, entry) {
  if (!entry.endsWith(":*")) return origin === entry;
  const anyPort = entry.slice(0, -":*".length);
  return origin === anyPort || (origin.startsWith(`${anyPort}:`) && /^\d+$/.test(origin.slice(anyPort.length + 1)));
}
