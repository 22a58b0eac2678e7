/**
 * Writes one event as a line of JSON; Workers Logs indexes its fields.
 * @param {string} event snake_case
 * @param {Record<string, string | number | boolean>} [fields] never a secret
 */
export function log(event, fields = {}) {
  console.log(JSON.stringify({ event, ...fields }));
}
