// @ts-check

/**
 * Tensors of float32 as a safetensors file.
 * @param {Record<string, {shape: number[], values: number[]}>} tensors
 * @param {Record<string, string>} [metadata]
 * @returns {ArrayBuffer}
 */
export function encodeTensors(tensors, metadata = {}) {
  const values = Object.values(tensors).flatMap((tensor) => tensor.values);
  let offset = 0;
  const entries = Object.entries(tensors).map(([name, { shape, values: { length } }]) => {
    const begin = offset;
    offset += 4 * length;
    return [name, { dtype: "F32", shape, data_offsets: [begin, offset] }];
  });
  const text = JSON.stringify({ __metadata__: metadata, ...Object.fromEntries(entries) });
  const header = new TextEncoder().encode(text.padEnd(8 * Math.ceil(text.length / 8)));
  const buffer = new ArrayBuffer(8 + header.length + 4 * values.length);
  new DataView(buffer).setBigUint64(0, BigInt(header.length), true);
  new Uint8Array(buffer, 8).set(header);
  new Float32Array(buffer, 8 + header.length).set(values);
  return buffer;
}
