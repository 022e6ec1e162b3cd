// @ts-check
// Where points of a map lie on a square picture, which point is near a position, and where each class has its middle.

const MARGIN = 0.05; // Of the picture, on each side.
const WITHIN = 14; // Pixels from which a point counts as pointed at.

/** @typedef {{x: number, y: number}} Position  In pixels, y down. */
/** @typedef {{positions: Float32Array, size: number, place: (x: number, y: number) => Position & {isOutside: boolean}}} MapFrame */

/**
 * Both axes have the same scale, since distances in a map mean something.
 * @param {Float32Array} points  x and y of each.
 * @param {number} size          Of the picture, in pixels.
 * @returns {MapFrame} `positions`: x and y of each point; `place`: of another one, at the edge if it lies outside.
 */
export function frameOf(points, size) {
  let [left, right, low, high] = [Infinity, -Infinity, Infinity, -Infinity];
  for (let i = 0; i < points.length; i += 2) {
    left = Math.min(left, points[i]);
    right = Math.max(right, points[i]);
    low = Math.min(low, points[i + 1]);
    high = Math.max(high, points[i + 1]);
  }
  const span = Math.max(right - left, high - low) || 1;
  const scale = (size * (1 - 2 * MARGIN)) / span;
  const [middle, center] = [(left + right) / 2, (low + high) / 2];
  const positions = new Float32Array(points.length);
  for (let i = 0; i < points.length; i += 2) {
    positions[i] = size / 2 + (points[i] - middle) * scale;
    positions[i + 1] = size / 2 - (points[i + 1] - center) * scale;
  }
  return {
    positions,
    size,
    place(x, y) {
      const at = { x: size / 2 + (x - middle) * scale, y: size / 2 - (y - center) * scale };
      const edge = (size * MARGIN) / 2;
      const kept = { x: clamp(at.x, edge, size - edge), y: clamp(at.y, edge, size - edge) };
      return { ...kept, isOutside: kept.x !== at.x || kept.y !== at.y };
    },
  };
}

/**
 * The point nearest to a position.
 * @param {MapFrame} frame
 * @param {Position} position
 * @returns {number | null} Its number; null if none is near.
 */
export function pointAt({ positions }, { x, y }) {
  let best = null;
  let least = WITHIN ** 2;
  for (let i = 0; i < positions.length; i += 2) {
    const distance = (positions[i] - x) ** 2 + (positions[i + 1] - y) ** 2;
    if (distance < least) {
      least = distance;
      best = i / 2;
    }
  }
  return best;
}

/**
 * The next point in the direction of an arrow key: the nearest one within 45° of it.
 * @param {MapFrame} frame
 * @param {number | null} from  Null: the middle of the picture.
 * @param {[number, number]} step  Rows down and columns right, one of them 0.
 * @returns {number | null} The same if there is none.
 */
export function pointTowards({ positions, size }, from, [down, right]) {
  const x = from === null ? size / 2 : positions[2 * from];
  const y = from === null ? size / 2 : positions[2 * from + 1];
  let best = from;
  let least = Infinity;
  for (let i = 0; i < positions.length; i += 2) {
    if (i / 2 === from) continue;
    const [dx, dy] = [positions[i] - x, positions[i + 1] - y];
    const along = dx * right + dy * down;
    const across = Math.abs(dx * down + dy * right);
    if (along <= 0.5 || across > along) continue;
    if (along ** 2 + across ** 2 < least) {
      least = along ** 2 + across ** 2;
      best = i / 2;
    }
  }
  return best;
}

/**
 * The middle of each class: the median of its points along each axis.
 * @param {MapFrame} frame
 * @param {number[]} labels
 * @returns {Map<number, Position>}
 */
export function middlesOf({ positions }, labels) {
  /** @type {Map<number, {x: number[], y: number[]}>} */
  const found = new Map();
  labels.forEach((label, i) => {
    const { x, y } = found.get(label) ?? { x: [], y: [] };
    x.push(positions[2 * i]);
    y.push(positions[2 * i + 1]);
    found.set(label, { x, y });
  });
  return new Map([...found].map(([label, { x, y }]) => [label, { x: median(x), y: median(y) }]));
}

/** @param {number[]} values */
function median(values) {
  return values.sort((a, b) => a - b)[Math.floor(values.length / 2)];
}

/** @param {number} value  @param {number} low  @param {number} high */
function clamp(value, low, high) {
  return Math.min(high, Math.max(low, value));
}
