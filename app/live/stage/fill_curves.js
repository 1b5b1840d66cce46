// Fills the skeleton of app/figures/curves.py, with the same numbers as its fill_curves.
import { countUntil } from "./run.js";

/** {data, layout} of training loss and test accuracy as known at `step`. */
export function fillCurves(skeleton, runs, step) {
  const data = skeleton.data.map((trace) => fillTrace(trace, runs[trace.meta.arm], step));
  const tops = data.filter((t) => t.meta.role === "smoothed_loss").flatMap((t) => t.y.filter(Number.isFinite));
  const top = Math.min(1.08 * tops.reduce((a, b) => Math.max(a, b), 2.5), skeleton.layout.meta.highest);
  const steps = Math.max(1, ...runs.map((run) => Math.max(run.header?.steps ?? 1, run.newest)));
  const { xaxis, yaxis } = skeleton.layout;
  const layout = { ...skeleton.layout, xaxis: { ...xaxis, range: [0, steps] }, yaxis: { ...yaxis, range: [0, top] } };
  return { data, layout };
}

function fillTrace(trace, run, step) {
  const known = countUntil(run.steps, step);
  const steps = run.steps.slice(0, known);
  if (trace.meta.role === "test_accuracy") {
    const evaluated = countUntil(run.accuracy.steps, step);
    return { ...trace, x: run.accuracy.steps.slice(0, evaluated), y: run.accuracy.values.slice(0, evaluated) };
  }
  if (trace.meta.role === "lost") {
    const first = steps.filter((_, i) => !Number.isFinite(run.loss[i])).slice(0, 1);
    const height = 0.95 - 0.1 * trace.meta.arm;
    return { ...trace, x: first, y: first.map(() => height), text: first.map((s) => ` no finite loss from step ${s}`) };
  }
  const loss = trace.meta.role === "loss" ? run.loss : run.smoothed;
  return { ...trace, x: steps, y: loss.slice(0, known).map((value) => (Number.isFinite(value) ? value : null)) };
}
