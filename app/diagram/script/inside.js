// The inside of one unit: every operation in its place, where the paths part and meet, all shapes.
import { plus, unlikeMark } from "./marks.js";
import { label, path, svg, widthOf } from "./svg.js";

const TEXT = 17;
const TALL = 54; // an operation
const GAP = 20;
const LANE = 96; // from one way to the next
const [LARGEST, SMALLEST] = [1.25, 0.7]; // scale; what is still too wide can be scrolled
const [END, UNLIKE] = [22, 11]; // radius of x and y, and of the marks
const SHAPED = new Set(["conv", "linear", "max pool", "mean pool", "global mean", "adaptive mean", "pad", "flatten"]);

/** The drawing of a unit's inside, `room` wide at most; `unlike` names operations that the other network lacks. */
export function drawInside(inside, unlike, room) {
  const state = { x: 20 + END, made: [], unlike: new Set(unlike) };
  const { branches, shortcut, gate } = sort(inside.paths);
  const above = shortcut ? 1 : 0;
  const middle = (branches.length - 1) / 2;
  const y = END + 24 + above * LANE + middle * LANE;
  const start = state.x;
  state.made.push(end("x", inside.inputs, state.x, y));
  state.x += END;
  state.x = row(state, inside.before, state.x, y);
  const fork = state.x + (branches.length > 1 || shortcut ? 16 : 0);
  const wide = Math.max(...branches.map(widthOfRow), shortcut ? widthOfRow(shortcut) : 0, gate ? widthOfRow(gate) : 0);
  const isMet = Boolean(inside.sign);
  const meet = fork + wide + (isMet ? 44 : 0);
  branches.forEach((ops, i) => way(state, ops, { fork, meet, from: y, to: y + (i - middle) * LANE, wide }));
  if (shortcut) past(state, shortcut, { fork, meet, y, at: y - middle * LANE - LANE, name: "shortcut" });
  if (gate) past(state, gate, { fork, meet, y, at: y + LANE, name: "gate" });
  if (isMet) state.made.push(node(inside, meet, y, state.unlike.has("merge")));
  if (shortcut || branches.length > 1) state.made.push(svg("circle", { class: "rd-leave", cx: fork, cy: y, r: 5 }));
  const after = row(state, inside.after, meet + (isMet ? 20 : 0), y);
  const last = after + GAP + END;
  state.made.push(end("y", inside.outputs, last, y));
  const line = svg("path", { class: "rd-line", d: path("M", start, y, "H", fork, "M", meet, y, "H", last) });
  const [width, height] = [last + END + 40, y + middle * LANE + (gate ? LANE : 0) + 66];
  const scale = Math.min(LARGEST, Math.max(room / width, SMALLEST));
  return svg(
    "svg", { class: "rd-zoom", viewBox: path(0, 0, width, height), width: width * scale, height: height * scale, role: "img", "aria-label": inWords(inside) },
    line, ...state.made,
  );
}

function sort(paths) {
  const of = (role) => paths.filter((one) => one.role === role).map((one) => one.ops);
  return { branches: of("branch"), shortcut: of("shortcut")[0], gate: of("gate")[0] };
}

function widthOfOp(op) {
  return Math.max(widthOf(op.title, TEXT), widthOf(op.note, TEXT - 4), widthOf(op.name, TEXT - 4)) + 26;
}

function widthOfRow(ops) {
  return ops.reduce((sum, op) => sum + widthOfOp(op) + GAP, 0) + GAP;
}

function row(state, ops, from, y) {
  let x = from;
  for (const op of ops) {
    x += GAP;
    state.made.push(operation(op, x, y, state.unlike.has(op.name)));
    x += widthOfOp(op);
  }
  return x;
}

function way(state, ops, { fork, meet, from, to, wide }) {
  const bent = to === from ? "" : path("C", fork + 16, from, fork, to, fork + 14, to);
  const back = to === from ? "" : path("C", meet - 16, to, meet, to, meet, from);
  state.made.unshift(svg("path", { class: "rd-line", d: path("M", fork, from, bent, "H", bent ? meet - 30 : meet, back) }));
  row(state, ops, fork + Math.max((wide - widthOfRow(ops)) / 2, 0), to);
}

/** A path that leaves the main one and comes back: above it the shortcut, below it a gate. */
function past(state, ops, { fork, meet, y, at, name }) {
  const r = 26 * Math.sign(at - y);
  const d = path("M", fork, y, "V", at - r, "Q", fork, at, fork + 26, at, "H", meet - 26, "Q", meet, at, meet, at - r, "V", y);
  state.made.unshift(svg("path", { class: `rd-arc rd-${name}`, d, "stroke-dasharray": ops.some((op) => op.kind === "pad") ? "9 7" : null }));
  const room = meet - fork - widthOfRow(ops);
  row(state, ops, fork + room / 2, at);
  if (!ops.length) state.made.push(label("identity", (fork + meet) / 2, at - 10, "rd-way-name", TEXT));
}

function operation(op, x, y, isUnlike) {
  const width = widthOfOp(op);
  const made = svg("g", { class: `rd-op rd-op-${op.kind.replaceAll(" ", "-")}${isUnlike ? " rd-op-unlike" : ""}` });
  made.append(svg("rect", { x, y: y - TALL / 2, width, height: TALL, rx: 7 }));
  made.append(label(op.title, x + width / 2, y - 2, "rd-name", TEXT), label(op.note || op.name, x + width / 2, y + 17, "rd-small", TEXT - 4));
  if (SHAPED.has(op.kind)) made.append(label(op.outputs, x + width / 2, y + TALL / 2 + 18, "rd-shape", TEXT - 3));
  if (isUnlike) made.append(unlikeMark(x + width - 2, y - TALL / 2 + 2, UNLIKE));
  return made;
}

function end(name, shape, x, y) {
  return svg(
    "g", { class: "rd-terminal" }, svg("circle", { cx: x, cy: y, r: END }),
    label(name, x, y + 7, "rd-name", 22), label(shape, x, y + END + 20, "rd-shape", TEXT - 3),
  );
}

function node(inside, x, y, isUnlike) {
  const made = svg("g", { class: "rd-meet" }, svg("circle", { cx: x, cy: y, r: 20 }));
  if (inside.sign === "+") made.append(plus(x, y, 10));
  else made.append(label(inside.sign, x, y + 7, "rd-name", 20));
  if (isUnlike) made.append(unlikeMark(x + 17, y - 17, UNLIKE));
  return made;
}

/** The same for those who do not see it. */
function inWords(inside) {
  const list = (ops) => ops.map((op) => op.title).join(", ") || "nothing";
  const ways = inside.paths.map((one) => `${one.role}: ${list(one.ops)}`).join("; ");
  return `x ${inside.inputs}; ${ways}; ${inside.merge}; then ${list(inside.after)}; y ${inside.outputs}`;
}

