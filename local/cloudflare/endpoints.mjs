/** The part of Cloudflare's v4 API that is emulated (facts/cloudflare.md §2). */

import { ACCOUNT } from "./account.mjs";
import { ApiError } from "./errors.mjs";
import * as tails from "./tails.mjs";
import * as versions from "./versions.mjs";
import * as workers from "./workers.mjs";
import * as zones from "./zones.mjs";

/** Path before every endpoint. */
export const BASE = "/client/v4";

const WORKERS = "/accounts/:account/workers";
const ZONE = "/zones/:zone";

/** @type {[string, string, (cloud: import("./cloud.mjs").Cloud, request: import("./http.mjs").Request) => unknown][]} */
const TABLE = [
  ["GET", `${WORKERS}/workers`, workers.list],
  ["POST", `${WORKERS}/workers`, workers.create],
  ["GET", `${WORKERS}/workers/:worker`, workers.get],
  ["PUT", `${WORKERS}/workers/:worker`, workers.replace],
  ["DELETE", `${WORKERS}/workers/:worker`, workers.remove],
  ["POST", `${WORKERS}/workers/:worker/versions`, versions.create],
  ["GET", `${WORKERS}/workers/:worker/versions/:version`, versions.get],
  ["GET", `${WORKERS}/subdomain`, () => ({ subdomain: ACCOUNT.subdomain })],
  ["GET", `${WORKERS}/scripts/:script/subdomain`, workers.getSubdomain],
  ["POST", `${WORKERS}/scripts/:script/subdomain`, workers.setSubdomain],
  ["DELETE", `${WORKERS}/scripts/:script/subdomain`, workers.removeSubdomain],
  ["POST", `${WORKERS}/scripts/:script/tails`, tails.create],
  ["DELETE", `${WORKERS}/scripts/:script/tails/:tail`, tails.remove],
  ["PUT", `${WORKERS}/domains`, zones.putDomain],
  ["GET", `${WORKERS}/domains/:id`, zones.getDomain],
  ["DELETE", `${WORKERS}/domains/:id`, zones.removeDomain],
  ["POST", `${ZONE}/workers/routes`, zones.createRoute],
  ["GET", `${ZONE}/workers/routes/:id`, zones.getRoute],
  ["PUT", `${ZONE}/workers/routes/:id`, zones.replaceRoute],
  ["DELETE", `${ZONE}/workers/routes/:id`, zones.removeRoute],
  ["POST", `${ZONE}/dns_records`, zones.createRecord],
  ["GET", `${ZONE}/dns_records/:id`, zones.getRecord],
  ["PUT", `${ZONE}/dns_records/:id`, zones.replaceRecord],
  ["DELETE", `${ZONE}/dns_records/:id`, zones.removeRecord],
];

/**
 * @param {import("./cloud.mjs").Cloud} cloud
 * @returns {import("./http.mjs").Endpoint[]}
 */
export const endpointsOf = (cloud) => TABLE.map(([method, path, handler]) => [method, path, (request) => handler(cloud, request)]);

/**
 * Refuses an account or a zone that is not the token's.
 * @param {Record<string, string>} params
 */
export function authorise({ account = ACCOUNT.id, zone = ACCOUNT.zone.id }) {
  if (account !== ACCOUNT.id) throw new ApiError("NOT_YOURS", `Unauthorized to access requested resource: account ${account}`);
  if (zone !== ACCOUNT.zone.id) throw new ApiError("NOT_YOURS", `Unauthorized to access requested resource: zone ${zone}`);
}
