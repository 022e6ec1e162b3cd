// @ts-check
// The code of a frame that shows one piece of a page. Uses no elements.

/**
 * @param {{origin: string, search: string, hash: string}} page  The page with the piece; its model and digit are kept.
 * @param {string} root   The path under which the server is.
 * @param {string} name   Of the piece.
 * @param {Record<string, string | undefined>} piece  The fields of its address.
 */
export function embedCode({ origin, search, hash }, root, name, piece) {
  const fields = new URLSearchParams(Object.entries(piece).flatMap(([key, value]) => (value === undefined ? [] : [[key, value]])));
  const model = new URLSearchParams(search).get("model");
  if (model) fields.set("model", model);
  const address = `${origin}${root}/embed?${fields}${hash}`.replaceAll("&", "&amp;").replaceAll('"', "%22");
  return `<iframe src="${address}" title="Kernelscope: ${name}" width="100%" height="600" loading="lazy" style="border: 0"></iframe>`;
}
