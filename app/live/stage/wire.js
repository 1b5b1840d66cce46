// One delta as bytes: a JSON header, then for each step its number, what is present, and float32 numbers.

const SCALARS = ["loss", "accuracy", "learning_rate", "seconds"];

/** {header, rows}: rows are {step, present, numbers: Float32Array}. Throws on bytes that are no delta. */
export function decode(buffer, sizes) {
  const view = new DataView(buffer);
  const length = view.getUint32(0, true);
  const header = JSON.parse(new TextDecoder().decode(new Uint8Array(buffer, 4, length)));
  const quantities = header.quantities?.length ? header.quantities : sizes ?? [];
  const rows = [];
  let at = 4 + length;
  for (let i = 0; i < header.rows; i++) {
    const row = { step: view.getUint32(at, true), readings: {} };
    at = readNumbers(row, buffer, at + 8, view.getUint32(at + 4, true), quantities);
    rows.push(row);
  }
  if (at !== buffer.byteLength) throw new Error(`a delta has ${buffer.byteLength} bytes, not ${at}`);
  return { header, rows };
}

/** Puts the numbers of one step into `row`; the bit of a quantity is its place in `quantities`. */
function readNumbers(row, buffer, start, present, quantities) {
  const scalars = new Float32Array(buffer, start, SCALARS.length);
  SCALARS.forEach((name, i) => (row[name] = scalars[i]));
  let at = start + 4 * SCALARS.length;
  quantities.forEach(([name, size], bit) => {
    if (!((present >> bit) & 1)) return;
    row.readings[name] = new Float32Array(buffer, at, size);
    at += 4 * size;
  });
  return at;
}
