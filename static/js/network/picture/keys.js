// @ts-check
// Where the arrow keys lead in the picture: within a column up and down, and along the links left and right.
/** @import { Link, Place } from "./trace.js" */

/** What is pointed at: a map or class, or a link. @typedef {{place: Place, link: null} | {place: null, link: Link}} Pointed */

/**
 * From a map, Left leads to its strongest link, and from the link to the map where it begins; Right the other way round. Up
 * and Down lead to the next map of the column, or to the next link into the same map. Without a link, Left and Right lead to
 * the same position of the next column.
 * @param {string} key
 * @param {Pointed} from
 * @param {object} picture
 * @param {number[][]} picture.shown  The maps of each column.
 * @param {(place: Place) => Link[]} picture.into   The links into a map that are shown.
 * @param {(place: Place) => Link[]} picture.outOf  Those that leave it.
 * @returns {Pointed | null} Null for other keys, and at the edge.
 */
export function pointedAfterKey(key, from, { shown, into, outOf }) {
  if (from.link) return afterLink(key, from.link, into);
  const { column, map } = from.place;
  const position = shown[column].indexOf(map);
  switch (key) {
    case "ArrowUp": return at(column, position - 1);
    case "ArrowDown": return at(column, position + 1);
    case "Home": return at(0, 0);
    case "End": return at(shown.length - 1, 0);
    case "ArrowLeft": return along(into(from.place), column - 1);
    case "ArrowRight": return along(outOf(from.place), column + 1);
    default: return null;
  }

  /** @param {number} there  @param {number} position  @returns {Pointed | null} */
  function at(there, position) {
    const found = shown[there]?.[position];
    return found === undefined ? null : { place: { column: there, map: found }, link: null };
  }

  /** @param {Link[]} links  @param {number} there  @returns {Pointed | null} */
  function along([strongest], there) {
    return strongest ? { place: null, link: strongest } : at(there, Math.min(position, (shown[there]?.length ?? 0) - 1));
  }
}

/** @param {string} key  @param {Link} link  @param {(place: Place) => Link[]} into  @returns {Pointed | null} */
function afterLink(key, link, into) {
  const { column, from, to } = link;
  switch (key) {
    case "ArrowLeft": return { place: { column: column - 1, map: from }, link: null };
    case "ArrowRight": return { place: { column, map: to }, link: null };
    case "ArrowUp": return next(-1);
    case "ArrowDown": return next(1);
    default: return null;
  }

  /** @param {number} step  @returns {Pointed | null} */
  function next(step) {
    const links = into({ column, map: to });
    const found = links[links.findIndex((each) => each.from === from) + step];
    return found ? { place: null, link: found } : null;
  }
}
