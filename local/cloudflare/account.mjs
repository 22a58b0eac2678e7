/**
 * The account of the local Cloudflare: an API token, a zone and a workers.dev subdomain. There is only this
 * one. None of it is secret; the server prints it on its ready line. The token has the shape of a real one, because the
 * real plugin refuses any other.
 */
export const ACCOUNT = Object.freeze({
  id: "10ca10ca10ca10ca10ca10ca10ca10ca",
  apiToken: "made-up-token-that-opens-only-the-local-cloud",
  subdomain: "glow-local",
  zone: Object.freeze({ id: "2a5e2a5e2a5e2a5e2a5e2a5e2a5e2a5e", name: "glow.test" }),
});
