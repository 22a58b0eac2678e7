/**
 * The one account of the local Cloudflare, as a first sign-up would leave it: a token, a zone and a
 * workers.dev subdomain. None of it is secret; the server announces it on its ready line.
 */
export const ACCOUNT = Object.freeze({
  id: "10ca10ca10ca10ca10ca10ca10ca10ca",
  apiToken: "test",
  subdomain: "glow-local",
  zone: Object.freeze({ id: "2a5e2a5e2a5e2a5e2a5e2a5e2a5e2a5e", name: "glow.test" }),
});
