// Fills the skeleton of app/figures/heat.py, with the same numbers as its fill_heat_maps.
import { countUntil, isBeside } from "./run.js";

const MAX_COLUMNS = 256;
const MAX_LAYERS = 112;
const RARE = 0.005; // share of cells at either end that the colour scale may leave out
const NONE = -1;
const SPECIAL = { zero: 0, infinite: 1, undefined: 2 }; // the worst last

/** {data, layout} of the maps as known at `step`. `memory.span` fixes the colour scale of a replay. */
export function fillHeat(skeleton, runs, step, memory) {
  const cells = runs.map((run) => cellsOf(run, step));
  const data = skeleton.data.map((trace) => {
    const found = cells[trace.meta.arm];
    const { role } = trace.meta;
    if (role !== "heat" && !found.has[SPECIAL[role]]) return trace;
    const z = role === "heat" ? found.values : found.special.map((line) => line.map((s) => (s === SPECIAL[role] ? 1 : null)));
    return { ...trace, x: found.steps, y: found.depths, z };
  });
  const layout = { ...skeleton.layout };
  const [cmin, cmax] = memory.span ?? colorSpan(cells);
  const colorbar = { ...layout.coloraxis.colorbar, dtick: Math.ceil((cmax - cmin) / 7) };
  layout.coloraxis = { ...layout.coloraxis, cmin, cmax, colorbar };
  const deepest = Math.max(0, ...runs.flatMap((run) => run.layers.map((layer) => layer[2])));
  const steps = Math.max(1, ...runs.map((run) => Math.max(run.header?.steps ?? 1, run.newest)));
  runs.forEach((_, i) => {
    const [x, y] = [`xaxis${i ? i + 1 : ""}`, `yaxis${i ? i + 1 : ""}`];
    layout[x] = { ...layout[x], range: [0, steps] };
    if (deepest) layout[y] = { ...layout[y], range: [0.5, deepest + 0.5] };
  });
  return { data, layout };
}

/** The colour scale of whole runs. */
export function spanOfAll(runs) {
  return colorSpan(runs.map((run) => cellsOf(run, Infinity)));
}

/** Decades; the lowest and the highest 0.5 % of cells share the colours at the ends. */
function colorSpan(cells) {
  const finite = Float64Array.from(cells.flatMap(({ values }) => values.flat().filter((v) => v !== null))).sort();
  if (!finite.length) return [-3, 1];
  const low = Math.floor(finite[Math.floor(RARE * (finite.length - 1))]);
  return [low, Math.max(Math.ceil(finite[Math.ceil((1 - RARE) * (finite.length - 1))]), low + 1)];
}

/** The main path's norms as cells. Where readings share a cell the worst wins, else the mean of the logs. */
function cellsOf(run, step) {
  const reading = run.readings.gradient_norm ?? { steps: [], values: [] };
  const known = countUntil(reading.steps, step);
  const rows = run.layers.map((_, i) => i).filter((i) => !isBeside(run.layers[i]));
  const columns = Math.ceil(Math.max(known, 1) / MAX_COLUMNS);
  const layers = Math.ceil(Math.max(rows.length, 1) / MAX_LAYERS);
  const found = { steps: [], depths: [], values: [], special: [], has: {} };
  for (let c = 0; c < known; c += columns) found.steps.push(reading.steps[c]);
  if (!known) return found;
  for (let r = 0; r < rows.length; r += layers) {
    const group = rows.slice(r, r + layers);
    const line = found.steps.map((_, c) => cellOf(reading.values, group, c * columns, Math.min((c + 1) * columns, known)));
    found.depths.push(run.layers[rows[r]][2]);
    found.values.push(line.map(([value]) => value));
    found.special.push(line.map(([, worst]) => (worst === NONE ? null : worst)));
    for (const [, worst] of line) found.has[worst] = true;
  }
  return found;
}

function cellOf(values, layers, from, until) {
  let [sum, worst] = [0, NONE];
  for (let c = from; c < until; c++) {
    for (const layer of layers) {
      const norm = values[c][layer];
      worst = Math.max(worst, kindOf(norm));
      sum += worst === NONE ? Math.log10(norm) : 0;
    }
  }
  return worst === NONE ? [sum / (layers.length * (until - from)), NONE] : [null, worst];
}

function kindOf(norm) {
  if (Number.isNaN(norm)) return SPECIAL.undefined;
  if (!Number.isFinite(norm)) return SPECIAL.infinite;
  return norm <= 0 ? SPECIAL.zero : NONE;
}
