// What the signs of the drawing mean; only those that are in it.
import { bridge } from "./arcs.js";
import { plus, unlikeMark, valve } from "./marks.js";
import { path, svg } from "./svg.js";
import { element } from "./text.js";

const ARCS = {
  identity: "the input goes past the block as it is",
  padded: "goes past, every second pixel, new channels zero",
  projection: "goes past through a layer of its own",
};

export function legend(networks) {
  const forms = networks.flatMap((network) => network.forms);
  const has = (test) => forms.some(test);
  const entries = [entry(bars(), "a convolution, higher with more channels")];
  const kinds = new Set(forms.flatMap((form) => form.lanes.flat()).map((glyph) => glyph.kind));
  if (kinds.has("linear")) entries.push(entry(pillow(), "fully connected"));
  if (kinds.has("pool")) entries.push(entry(pool(), "a pool: the largest or the mean of neighbours"));
  for (const [style, words] of Object.entries(ARCS)) {
    if (has((form) => form.shape === "unit" && form.arc?.style === style)) entries.push(entry(arc(style), words));
  }
  if (has((form) => form.shape === "dense")) entries.push(entry(arc("identity"), "handed on to all later layers of the block"));
  if (has((form) => form.shape === "inception")) entries.push(entry(shares(), "the maps of all four ways, behind each other"));
  if (has((form) => form.gate)) entries.push(entry(gate(), "a gate: how much passes is learned"));
  if (has((form) => form.shape === "unit" && form.arc)) entries.push(entry(sum(), "added"));
  if (networks.some((network) => Object.keys(network.unlike).length)) entries.push(entry(unlike(), "not the same in the other network"));
  if (networks.some((network) => network.isFoldable)) entries.push(entry(pill(), "so many blocks in a row; press to open"));
  return entries;
}

function entry(sign, words) {
  const small = svg("svg", { viewBox: "0 0 44 26", width: 44, height: 26, "aria-hidden": "true" }, ...sign);
  return element("span", "rd-entry", small, words);
}

const bars = () => [
  svg("g", { class: "rd-glyph rd-conv" }, svg("rect", { x: 8, y: 6, width: 11, height: 14, rx: 2 })),
  svg("g", { class: "rd-glyph rd-conv" }, svg("rect", { x: 24, y: 2, width: 11, height: 22, rx: 2 })),
];
const arc = (style) => [svg("path", { class: "rd-arc", d: bridge(4, 40, 22, 18), "stroke-dasharray": style === "padded" ? "6 5" : null })].concat(
  style === "projection" ? [svg("rect", { class: "rd-mark", x: 14, y: -2, width: 16, height: 12, rx: 3 })] : [],
);
const pillow = () => [svg("g", { class: "rd-glyph rd-linear" }, svg("rect", { x: 15, y: 2, width: 13, height: 22, rx: 6 }))];
const pool = () => [svg("g", { class: "rd-glyph rd-pool" }, svg("path", { d: path("M", 14, 1, "L", 30, 6, "V", 20, "L", 14, 25, "Z") }))];
const shares = () => [[1, 6], [8, 9], [18, 3], [22, 3]].map(([y, height]) => svg("rect", { class: "rd-share", x: 19, y, width: 7, height, rx: 1 }));
const gate = () => [svg("circle", { class: "rd-mark", cx: 22, cy: 13, r: 11 }), valve(22, 13, 7, 5)];
const sum = () => [svg("g", { class: "rd-meet" }, svg("circle", { cx: 22, cy: 13, r: 10 }), plus(22, 13, 5))];
const unlike = () => [unlikeMark(22, 13, 11)];
const pill = () => [svg("g", { class: "rd-pill" }, svg("rect", { x: 3, y: 2, width: 38, height: 22, rx: 11 }), svg("text", { x: 22, y: 18, "font-size": 14 }, "× 9"))];
