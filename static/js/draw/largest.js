// @ts-check

/**
 * The largest absolute value, for the end of a color scale.
 * @param {ArrayLike<number>} values
 * @returns {number} 0 if there are none.
 */
export function largestAbsolute(values) {
  let largest = 0;
  for (let i = 0; i < values.length; i += 1) {
    const size = Math.abs(values[i]);
    if (size > largest) largest = size;
  }
  return largest;
}
