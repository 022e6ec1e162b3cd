// @ts-check
// The addresses of pages, operations and static files, built here alone from the root path under which the service is mounted.

/** @typedef {string | number | boolean | string[] | number[] | null | undefined} QueryValue */

/** The root path: "" or "/path", as the template writes it. */
const ROOT = typeof document === "undefined" ? "" : document.documentElement.dataset.root ?? "";

/** The model that pages show when their address names none. */
const DEFAULT_MODEL = typeof document === "undefined" ? "" : document.documentElement.dataset.defaultModel ?? "";

/**
 * An operation of the API.
 * @param {(string | number)[]} path  Its segments, `["models", model, "feature-maps"]`; escaped here.
 * @param {Record<string, QueryValue>} [query]  Lists are joined by commas; null and undefined are left out.
 * @param {string} [root]
 */
export function apiAddress(path, query = {}, root = ROOT) {
  return `${root}/api/v1/${path.map(encodeURIComponent).join("/")}${queryOf(query)}`;
}

/**
 * The live channel's WebSocket.
 * @param {string} [origin]  Such as "https://example.org".
 * @param {string} [root]
 */
export function liveAddress(origin = location.origin, root = ROOT) {
  return `${origin.replace(/^http/, "ws")}${apiAddress(["live"], {}, root)}`;
}

/** Where the server says that it runs. @param {string} [root] */
export function healthAddress(root = ROOT) {
  return `${root}/healthz`;
}

/**
 * A page of a model.
 * @param {string} path  "/editor"; "/" is the workbench.
 * @param {string} model  The default model is left out of the address.
 * @param {{root: string, defaultModel: string}} [site]
 */
export function pageAddress(path, model, { root, defaultModel } = { root: ROOT, defaultModel: DEFAULT_MODEL }) {
  return `${root}${path}${queryOf({ model: model === defaultModel ? null : model })}`;
}

/**
 * A static file of the same release as this one.
 * @param {string} path  "css/components/lens.css"
 */
export function staticAddress(path) {
  return new URL(`../../${path}`, import.meta.url).href;
}

/** @param {Record<string, QueryValue>} query */
function queryOf(query) {
  const fields = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (value !== null && value !== undefined) fields.set(name, String(value));
  }
  // Commas separate the members of a list, and need no escape in a query.
  const text = fields.toString().replaceAll("%2C", ",");
  return text && `?${text}`;
}
