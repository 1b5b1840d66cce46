// What goes past a unit and where it comes back: arcs, what lies on them, and the node in which paths meet.
import { plus, valve } from "./marks.js";
import { TEXT } from "./sizes.js";
import { label, path, svg } from "./svg.js";

const DASHES = { padded: "7 6" };

/** Up, across and down again with round corners, so that it clears the box below. */
export function bridge(from, to, y, peak) {
  const r = Math.min((to - from) / 3, peak * 0.8, 36);
  const k = r * 0.45; // a quarter of a circle, as near as a cubic comes to it
  return path(
    "M", from, y, "V", y - peak + r, "C", from, y - peak + k, from + k, y - peak, from + r, y - peak,
    "H", to - r, "C", to - k, y - peak, to, y - peak + k, to, y - peak + r, "V", y,
  );
}

/** The shortcut of one unit, with what lies on it at its top. */
export function shortcut(item) {
  const { arc, gate, from, to, y, peak, look } = item;
  const made = svg("g", { class: `rd-skip rd-${arc.style}` });
  made.append(svg("path", { class: "rd-arc", d: bridge(from, to, y, peak), "stroke-dasharray": DASHES[arc.style] ?? null }));
  made.append(svg("circle", { class: "rd-leave", cx: from, cy: y, r: look.node * 0.38 }));
  const marks = [...arc.marks, ...(gate ? ["gate"] : [])];
  if (!look.text) {
    if (marks.length) made.append(svg("rect", { class: "rd-mark", x: (from + to) / 2 - 4, y: y - peak - 4, width: 8, height: 8 }));
    return made;
  }
  let x = (from + to) / 2 - (marks.length - 1) * 27;
  for (const mark of marks) {
    made.append(mark === "gate" ? gateMark(x, y - peak) : boxMark(mark, x, y - peak));
    x += 54;
  }
  return made;
}

function boxMark(text, x, y) {
  const width = Math.max(36, text.length * 9 + 12);
  return svg(
    "g", {}, svg("rect", { class: "rd-mark", x: x - width / 2, y: y - 13, width, height: 26, rx: 5 }),
    label(text, x, y + 5, "rd-on-mark", TEXT - 1),
  );
}

function gateMark(x, y) {
  return svg("g", {}, svg("circle", { class: "rd-mark", cx: x, cy: y, r: 15 }), valve(x, y, 9, 7));
}

/** Where shortcut and branch meet: a plus, or a gate. */
export function meeting(item) {
  const { to, y, look, gate } = item;
  const r = look.node;
  const made = svg("g", { class: "rd-meet" }, svg("circle", { cx: to, cy: y, r }), plus(to, y, r * 0.55));
  if (gate === "exclusive" && look.text) made.append(valve(to - r - 6, y, 5, 6));
  return made;
}

/** All arcs of a dense block, those that leave one place as one line: a block may have thousands. */
export function denseArcs(stage) {
  const opacity = Math.min(0.5, Math.max(0.12, 6 / stage.items.length)); // many arcs, none of them lost
  const made = svg("g", { class: "rd-dense", style: `--faint: ${opacity}` });
  for (const from of new Set(stage.arcs.map((arc) => arc.from))) {
    made.append(arcsAs("rd-arc", stage, (arc) => arc.from === from));
  }
  return made;
}

/** The arcs that end in the `number`-th layer of a dense block, and those that leave it. */
export function arcsOf(stage, number) {
  return arcsAs("rd-arc rd-own", stage, (arc) => arc.to === number || arc.from === number);
}

function arcsAs(name, stage, isWanted) {
  const layers = stage.items.filter((item) => item.shape === "dense");
  const last = layers.at(-1);
  const leave = [layers[0].x + 2, ...layers.map((item) => item.x + item.width - 2)];
  const arrive = [...layers.map((item) => item.boxX - item.lead * 0.35), last.x + last.width + 6];
  const wanted = stage.arcs.filter(isWanted);
  const d = wanted.map((arc) => over(leave[arc.from], arrive[arc.to - 1], layers[0].y, arc.peak)).join(" ");
  return svg("path", { class: name, d, "data-count": wanted.length });
}

function over(from, to, y, peak) {
  const lift = peak / 0.75;
  const lean = (to - from) * 0.12;
  return path("M", from, y, "C", from + lean, y - lift, to - lean, y - lift, to, y);
}
