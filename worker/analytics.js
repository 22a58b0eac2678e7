/**
 * What happened, as points of Workers Analytics Engine (docs/edge.md has the queries). A point's fields are told apart by
 * their place alone, so a new one goes to the end. Each request writes one point; an invocation may write 250.
 */

/**
 * A broadcast that its room has taken. The index is what Cloudflare samples by, so that a busy token leaves a quiet one its points.
 * @param {{token: string, colo: string, updates: number, connections: number, ms: number}} broadcast `ms` until the room had answered
 * @returns {AnalyticsEngineDataPoint}
 */
export function broadcastPoint({ token, colo, updates, connections, ms }) {
  return { indexes: [token], blobs: ["broadcast", colo, "OK"], doubles: [updates, connections, ms] };
}

/**
 * A request that was refused. No token is named: whoever is refused may have made it up.
 * @param {{code: string, colo: string}} refusal
 * @returns {AnalyticsEngineDataPoint}
 */
export function refusalPoint({ code, colo }) {
  return { indexes: [""], blobs: ["refusal", colo, code], doubles: [] };
}

/** The data centre that the request came to. @param {Request} request */
export function coloOf(request) {
  return String(request.cf?.colo ?? "");
}
