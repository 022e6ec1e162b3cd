// @ts-check
// Kernels that people have made by hand, of any odd size.

/**
 * What each is called, and its weight at a place: x to the right and y down from the middle, −1 to 1 at the rims.
 * @type {Record<string, {name: string, at: (x: number, y: number, angle: number) => number}>}
 */
export const PRESETS = {
  "sobel-vertical": { name: "Sobel, upright edge", at: (x, y) => x * smooth(y) },
  "sobel-horizontal": { name: "Sobel, lying edge", at: (x, y) => y * smooth(x) },
  blur: { name: "Blur", at: (x, y) => smooth(x) * smooth(y) },
  sharpen: { name: "Center against surround", at: (x, y) => Math.exp(-6 * (x * x + y * y)) - 0.35 * Math.exp(-1.2 * (x * x + y * y)) },
  gabor: { name: "Gabor at the angle", at: gabor },
};

/** A Sobel kernel's 1 2 1, stretched to any size. @param {number} offset */
function smooth(offset) {
  return 2 - Math.abs(offset);
}

/**
 * A wave under a bell: what fits cells of the visual cortex well (Daugman, 1985). Its stripes run along the angle.
 * @param {number} x
 * @param {number} y
 * @param {number} angle  Degrees, counterclockwise; 0 lies.
 */
function gabor(x, y, angle) {
  const turn = (angle * Math.PI) / 180;
  const across = -y * Math.cos(turn) - x * Math.sin(turn); // y up, as angles are counted
  return Math.exp(-1.5 * (x * x + y * y)) * Math.cos(Math.PI * across * 1.1);
}

/**
 * @param {string} id     Of PRESETS.
 * @param {number} size
 * @param {number} angle
 * @param {number} norm   Square root of the sum of its squares: as strong as the kernel that it takes the place of.
 * @returns {Float32Array} [size × size]
 */
export function presetKernel(id, size, angle, norm) {
  const middle = (size - 1) / 2;
  return scaled(Float64Array.from({ length: size * size }, (_, i) =>
    PRESETS[id].at(((i % size) - middle) / (middle || 1), (Math.floor(i / size) - middle) / (middle || 1), angle)), norm);
}

/**
 * Independent normal numbers.
 * @param {number} size
 * @param {number} norm
 */
export function randomKernel(size, norm) {
  return scaled(Float64Array.from({ length: size * size }, () =>
    Math.sqrt(-2 * Math.log(1 - Math.random())) * Math.cos(2 * Math.PI * Math.random())), norm);
}

/** @param {ArrayLike<number>} weights */
export function normOf(weights) {
  return Math.hypot(...Array.from(weights));
}

/** @param {Float64Array} weights  @param {number} norm */
function scaled(weights, norm) {
  const own = normOf(weights) || 1;
  return Float32Array.from(weights, (weight) => (weight * norm) / own);
}
