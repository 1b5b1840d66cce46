// Fills the skeleton of app/figures/profile.py, with the same numbers as its fill_profile.

const LANE = 0.075;

/** {data, layout} of a quantity against depth as known at `step`. `memory` keeps the axis from shrinking. */
export function fillProfile(skeleton, runs, step, memory) {
  const { quantity, log } = skeleton.layout.meta;
  const data = skeleton.data.map((trace) => fillTrace(trace, runs[trace.meta.arm], step, quantity, log));
  for (const trace of data.filter((t) => !t.yaxis)) for (const y of trace.y) widen(memory, y);
  for (const trace of data) if (trace.yaxis && trace.x.length) memory[trace.meta.role] = true;
  const deepest = Math.max(0, ...runs.flatMap((run) => placesOf(run, quantity)));
  return { data, layout: layoutOf(skeleton.layout, memory, deepest) };
}

function fillTrace(trace, run, step, quantity, log) {
  const reading = trace.meta.role === "initial" ? firstReading(run, quantity) : run.readingAt(quantity, step);
  if (!reading || reading.step > step) return { ...trace, x: [], y: [], text: [] };
  const places = placesOf(run, quantity);
  const points = shown(trace.meta.role, reading.values, run, quantity, log);
  return {
    ...trace,
    x: points.map(([i]) => places[i]),
    y: points.map(([, height]) => height),
    text: points.map(([i]) => (quantity === "branch_ratio" ? run.blocks[i] : run.layers[i][0])),
  };
}

function firstReading(run, quantity) {
  const reading = run.readings[quantity];
  return reading ? { step: reading.steps[0], values: reading.values[0] } : null;
}

function placesOf(run, quantity) {
  return quantity === "branch_ratio" ? run.blocks.map((_, i) => i + 1) : run.layers.map((layer) => layer[2]);
}

/** [[index, height]] of what a role shows; null in a line is a gap. */
function shown(role, values, run, quantity, log) {
  const isSide = (i) => quantity !== "branch_ratio" && run.layers[i][1] === "projection";
  const hasPlace = (v) => Number.isFinite(v) && (!log || v > 0);
  const all = Array.from(values, (value, i) => [i, value]);
  if (role === "initial" || role === "now") {
    return all.filter(([i]) => !isSide(i)).map(([i, v]) => [i, hasPlace(v) ? v : null]);
  }
  if (role === "projection") return all.filter(([i, v]) => isSide(i) && hasPlace(v));
  if (role === "zero") return all.filter(([, v]) => log && Number.isFinite(v) && v <= 0).map(([i]) => [i, 0]);
  return all.filter(([, v]) => !Number.isFinite(v)).map(([i, v]) => [i, Number.isNaN(v) ? 1 : 0]);
}

function widen(memory, y) {
  if (y === null) return;
  memory.low = Math.min(memory.low ?? y, y);
  memory.high = Math.max(memory.high ?? y, y);
}

function layoutOf(layout, memory, deepest) {
  const bottom = memory.zero ? LANE : 0;
  const top = 1 - (memory.nonfinite ? 2 * LANE : 0);
  const domain = [bottom ? bottom + 0.02 : 0, top < 1 ? top - 0.02 : 1];
  const range = rangeOf(layout, memory);
  return {
    ...layout,
    xaxis: { ...layout.xaxis, range: deepest ? [0, deepest + 1] : layout.xaxis.range },
    yaxis: { ...layout.yaxis, domain, range, ...(layout.meta.log && { dtick: decadeTicks(memory.view ?? range) }) },
    yaxis2: { ...layout.yaxis2, domain: [0, Math.max(bottom, 0.001)], visible: bottom > 0 },
    yaxis3: { ...layout.yaxis3, domain: [Math.min(top, 0.999), 1], visible: top < 1 },
  };
}

/** 1, 2, 5 within a decade or so, else whole decades. */
function decadeTicks([low, high]) {
  return high - low <= 1.5 ? "D2" : Math.ceil((high - low) / 9);
}

function rangeOf(layout, { low, high }) {
  if (low === undefined) return layout.yaxis.range;
  if (layout.meta.log) return [Math.floor(2 * Math.log10(low)) / 2, Math.ceil(2 * Math.log10(high)) / 2];
  if (layout.meta.top) return layout.yaxis.range;
  const room = 0.06 * Math.max(high, 0.1);
  return [Math.min(0, low - room), high + room];
}

/** Lets the axis hold all readings of whole runs from the start. */
export function rememberAll(memory, runs, quantity, log) {
  for (const run of runs) {
    for (const values of run.readings[quantity]?.values ?? []) {
      for (const value of values) if (Number.isFinite(value) && (!log || value > 0)) widen(memory, value);
    }
  }
}
