// @ts-check
// Creates elements, for the parts of the page that are not in its HTML.

/**
 * An element with attributes and children.
 * @template {keyof HTMLElementTagNameMap} K
 * @param {K} tag
 * @param {Record<string, string | number | boolean>} [attributes]  `true` sets an empty one, `false` none.
 * @param {(Node | string)[]} children
 * @returns {HTMLElementTagNameMap[K]}
 */
export function build(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== false) element.setAttribute(name, value === true ? "" : String(value));
  }
  element.append(...children);
  return element;
}

/**
 * Grow or shrink a list of children to a count; the others are kept.
 * @template {Element} T
 * @param {Element} parent
 * @param {T[]} items  Its children so far; changed in place.
 * @param {number} count
 * @param {(index: number) => T} make
 */
export function resizeList(parent, items, count, make) {
  while (items.length > count) items.pop()?.remove();
  while (items.length < count) {
    const item = make(items.length);
    items.push(item);
    parent.append(item);
  }
}
