// @ts-check
/** @import { Tensor } from "../types.js" */

// safetensors: 8 bytes little-endian length of the header, the header as JSON, then the tensors' bytes.
// The header has each tensor's dtype, shape and offsets, and strings under "__metadata__".

/**
 * @param {ArrayBuffer} buffer
 * @returns {{tensors: Record<string, Tensor>, metadata: Record<string, string>}}
 */
export function decodeTensors(buffer) {
  const headerLength = Number(new DataView(buffer).getBigUint64(0, true));
  const header = JSON.parse(new TextDecoder().decode(new Uint8Array(buffer, 8, headerLength)));
  const { __metadata__: metadata = {}, ...entries } = header;
  /** @type {Record<string, Tensor>} */
  const tensors = {};
  for (const [name, { dtype, shape, data_offsets: offsets }] of Object.entries(entries)) {
    tensors[name] = { shape, data: readValues(buffer, dtype, 8 + headerLength + offsets[0], 8 + headerLength + offsets[1]) };
  }
  return { tensors, metadata };
}

/**
 * @param {ArrayBuffer} buffer
 * @param {string} dtype
 * @param {number} begin
 * @param {number} end
 * @returns {Float32Array}
 */
function readValues(buffer, dtype, begin, end) {
  // A typed array must begin at a multiple of its element size. The header is padded for the first tensor, but a tensor
  // after a float16 tensor may begin elsewhere.
  if (dtype === "F32") {
    return begin % 4 ? new Float32Array(buffer.slice(begin, end)) : new Float32Array(buffer, begin, (end - begin) / 4);
  }
  if (dtype === "F16") {
    const bytes = begin % 2 ? buffer.slice(begin, end) : buffer;
    const [first, count] = [bytes === buffer ? begin : 0, (end - begin) / 2];
    // Browsers since 2025 have Float16Array, which is several times as fast.
    if (NativeHalves) return new Float32Array(new NativeHalves(bytes, first, count));
    const table = halfTable();
    return Float32Array.from(new Uint16Array(bytes, first, count), (half) => table[half]);
  }
  throw new Error(`this page reads F32 and F16 tensors, not ${dtype}`);
}

/** @type {(new (buffer: ArrayBuffer, byteOffset: number, length: number) => ArrayLike<number>) | undefined} */
const NativeHalves = /** @type {any} */ (globalThis).Float16Array;

/** @type {Float32Array | undefined} */
let halves;

/** Every float16 as a number: 65,536 of them, made once. */
function halfTable() {
  halves ??= Float32Array.from({ length: 65536 }, (_, bits) => {
    const sign = bits >> 15 ? -1 : 1;
    const exponent = (bits >> 10) & 31;
    const fraction = bits & 1023;
    if (exponent === 31) return fraction ? NaN : sign * Infinity;
    if (exponent === 0) return sign * fraction * 2 ** -24;
    return sign * (1024 + fraction) * 2 ** (exponent - 25);
  });
  return halves;
}
