// Fills the skeleton of app/figures/profile.py, with the same numbers as its fill_profile.
import { slots, widened } from "./bars.js";
import { isBeside } from "./run.js";

const LANE = 0.075;
const [BEYOND, INFINITE, UNDEFINED] = [-1, 0, 1]; // heights of the lanes above the axis
const [FAR_ON_LOG, FAR_ON_LINEAR] = [1000, 10]; // times the largest number of all arms at step 0

/** {data, layout} of a quantity against depth as known at `step`. `memory` keeps the axis from shrinking. */
export function fillProfile(skeleton, runs, step, memory) {
  const { meta } = skeleton.layout;
  const axis = { ...meta, most: mostOf(runs, meta) };
  const [shifts, width] = slots(runs.map((run) => Boolean(hasReading(run, meta.quantity) && run.readingAt(meta.quantity, step))));
  const data = skeleton.data.map((trace) => {
    const filled = fillTrace(trace, runs[trace.meta.arm], step, axis);
    return meta.bars ? widened(filled, shifts[trace.meta.arm], width) : filled;
  });
  for (const trace of data.filter((t) => !t.yaxis)) for (const y of trace.y) widen(memory, y);
  for (const trace of data) if (trace.yaxis && trace.x.length) memory[trace.meta.role] = true;
  const deepest = Math.max(0, ...runs.filter((run) => hasReading(run, meta.quantity)).flatMap((run) => placesOf(run, meta)));
  return { data, layout: layoutOf(skeleton.layout, memory, deepest) };
}

/** Whether anything was read of a quantity in this run. */
export function hasReading(run, quantity) {
  return Boolean(run.readings[quantity]?.values[0]?.length);
}

/** The largest number that has a place on the axis. */
function mostOf(runs, { quantity, log }) {
  const first = runs.flatMap((run) => Array.from(run.readings[quantity]?.values[0] ?? [], Math.abs));
  const largest = first.filter(Number.isFinite).reduce((a, b) => Math.max(a, b), 0);
  return log ? FAR_ON_LOG * largest || Infinity : FAR_ON_LINEAR * Math.max(largest, 1);
}

function fillTrace(trace, run, step, axis) {
  const { role, quantity } = trace.meta;
  const reading = role === "initial" ? firstReading(run, quantity) : run.readingAt(quantity, step);
  if (!reading || reading.step > step) return { ...trace, x: [], y: [], text: [] };
  const places = placesOf(run, axis);
  const points = shown(role, reading.values, run, axis);
  return {
    ...trace,
    x: points.map(([i]) => places[i]),
    y: points.map(([, height]) => height),
    text: points.map(([i]) => (axis.blocks ? run.blocks[i] : run.layers[i][0])),
    customdata: points.map(([i]) => reading.values[i]),
  };
}

function firstReading(run, quantity) {
  const reading = run.readings[quantity];
  return reading ? { step: reading.steps[0], values: reading.values[0] } : null;
}

function placesOf(run, { blocks }) {
  return blocks ? run.blocks.map((_, i) => i + 1) : run.layers.map((layer) => layer[2]);
}

/** Which of the lanes, if any, a number is in: it has no place on the axis itself. */
function laneOf(value, { log, most }) {
  if (!Number.isFinite(value)) return "nonfinite";
  if (log && value <= 0) return "zero";
  return Math.abs(value) > most ? "beyond" : null;
}

/** [[index, height]] of what a role shows; null in a line is a gap. */
function shown(role, values, run, axis) {
  const isApart = (i) => !axis.blocks && isBeside(run.layers[i]);
  const all = Array.from(values, (value, i) => [i, value, laneOf(value, axis)]);
  if (["initial", "now", "end"].includes(role)) {
    return all.filter(([i]) => !isApart(i)).map(([i, value, lane]) => [i, lane ? null : value]);
  }
  if (role === "projection") return all.filter(([i, , lane]) => isApart(i) && !lane);
  const height = (value) => ({ zero: 0, beyond: BEYOND, nonfinite: Number.isNaN(value) ? UNDEFINED : INFINITE })[role];
  return all.filter(([, , lane]) => lane === role).map(([i, value]) => [i, height(value)]);
}

function widen(memory, y) {
  if (y === null) return;
  memory.low = Math.min(memory.low ?? y, y);
  memory.high = Math.max(memory.high ?? y, y);
}

function layoutOf(layout, memory, deepest) {
  const lowest = memory.beyond ? BEYOND : INFINITE;
  const highest = memory.nonfinite ? UNDEFINED : BEYOND;
  const bottom = memory.zero ? LANE : 0;
  const top = 1 - LANE * (highest - lowest + 1);
  const domain = [bottom ? bottom + 0.02 : 0, top < 1 ? top - 0.02 : 1];
  const range = rangeOf(layout, memory);
  return {
    ...layout,
    xaxis: { ...layout.xaxis, range: deepest ? [0, deepest + 1] : layout.xaxis.range },
    yaxis: { ...layout.yaxis, domain, range, ...(layout.meta.log && { dtick: decadeTicks(memory.view ?? range) }) },
    yaxis2: { ...layout.yaxis2, domain: [0, Math.max(bottom, 0.001)], visible: bottom > 0 },
    yaxis3: { ...layout.yaxis3, domain: [Math.min(top, 0.999), 1], visible: top < 1, range: [lowest - 0.7, highest + 0.7] },
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
  const room = 0.06 * (layout.meta.bars && high > 0 ? high : Math.max(high, 0.1));
  return [Math.min(0, low - room), high + room];
}

/** Lets the axis hold all readings of whole runs from the start. */
export function rememberAll(memory, runs, meta) {
  const axis = { ...meta, most: mostOf(runs, meta) };
  for (const run of runs) {
    const rows = [meta.quantity, meta.second].flatMap((name) => run.readings[name]?.values ?? []);
    for (const values of rows) {
      for (const value of values) if (!laneOf(value, axis)) widen(memory, value);
    }
  }
}
