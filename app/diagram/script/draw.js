// A layout as one SVG: stages, the line that the picture follows, boxes, what goes past them.
import { arcsOf, denseArcs, meeting, shortcut } from "./arcs.js";
import { unlikeMark } from "./marks.js";
import { HEADER, TEXT } from "./sizes.js";
import { label, path, svg, widthOf } from "./svg.js";

const PICTURE = 46;

/** Returns the drawing; every box is a group with its blocks in `data-blocks`. */
export function draw(layout, network) {
  const { scale, rows, width, height } = layout;
  const drawn = svg("svg", {
    class: "rd-drawing", viewBox: path(0, 0, width, height), width: width * scale, height: height * scale,
    role: "group", "aria-label": `${network.name}, drawn block by block`,
  });
  const under = svg("g", {});
  const over = svg("g", {});
  drawn.append(under, over);
  rows.forEach((row, i) => {
    for (const stage of row.stages) {
      under.append(panel(stage));
      over.append(...header(stage));
    }
    under.append(...lines(row));
    for (const stage of row.stages) over.append(...contents(stage, network));
    if (i) under.append(turn(rows[i - 1], row, width));
  });
  over.append(picture(rows[0], network), classes(rows.at(-1), network));
  return drawn;
}

/** Shows which box is chosen; in a dense block also what it reads and who reads it. */
export function choose(drawn, layout, block) {
  const has = (blocks) => block !== "" && blocks.includes(block);
  for (const one of drawn.querySelectorAll(".rd-box")) one.setAttribute("aria-pressed", has(one.dataset.blocks.split(" ")));
  drawn.querySelector(".rd-own")?.remove();
  for (const stage of layout.rows.flatMap((row) => row.stages).filter((stage) => stage.isDense)) {
    const layers = stage.items.filter((item) => item.shape === "dense");
    const number = layers.findIndex((item) => has(item.blocks)) + 1;
    if (number) drawn.querySelector(`.rd-dense[data-stage="${stage.name}"]`).append(arcsOf(stage, number));
  }
}

function panel(stage) {
  const { x, y, width, height } = stage;
  return svg("rect", { class: "rd-stage", x, y, width, height, rx: 10 });
}

function header(stage) {
  const x = stage.x + stage.side;
  const made = [
    label(stage.name, x, stage.y + 24, "rd-title", TEXT + 2),
    label(stage.shape, x, stage.y + 43, "rd-shape", TEXT - 1),
  ];
  if (stage.isOpen && stage.isFoldable) made.push(fold(stage));
  return made;
}

/** The button that folds a stage again. */
function fold(stage) {
  const width = 58;
  const x = stage.x + stage.width - width - 8;
  const made = svg("g", { class: "rd-pill rd-fold", role: "button", tabindex: 0, "data-stage": stage.name, "aria-label": `fold ${stage.name}` });
  made.append(svg("rect", { x, y: stage.y + 8, width, height: 28, rx: 14 }), label("fold", x + width / 2, stage.y + 27, "", TEXT));
  return made;
}

/** The line along which the picture goes, from box to box. */
function lines(row) {
  const made = [];
  let end = null;
  for (const stage of row.stages) {
    for (const line of stage.lines) {
      const [first, last] = [line.items[0], line.items.at(-1)];
      const isNext = end && end.y === line.y;
      made.push(svg("path", { class: "rd-line", d: path("M", isNext ? end.x : first.x - 6, line.y, "H", last.x + last.width + 6) }));
      end = { x: last.x + last.width, y: line.y };
    }
  }
  return made;
}

/** From the end of a row to the beginning of the next. */
function turn(before, row, width) {
  const from = before.stages.at(-1).lines.at(-1);
  const to = row.stages[0].lines[0];
  const x = Math.min(from.items.at(-1).x + from.items.at(-1).width + 14, width - 2);
  const middle = (before.y + before.height + row.y) / 2;
  const end = to.items[0].x;
  const left = 2;
  return svg("path", {
    class: "rd-turn",
    d: path("M", x - 14, from.y, "Q", x, from.y, x, from.y + 12, "V", middle - 6, "Q", x, middle, x - 8, middle, "H", left + 8, "Q", left, middle, left, middle + 8, "V", to.y - 12, "Q", left, to.y, left + 10, to.y, "H", end),
  });
}

function picture(row, network) {
  const { y } = row.stages[0].lines[0];
  const x = 6;
  const made = svg("g", { class: "rd-picture" }, svg("path", { class: "rd-line", d: path("M", x + PICTURE, y, "H", row.stages[0].lines[0].items[0].x) }));
  for (const step of [8, 4, 0]) {
    made.append(svg("rect", { x: x + step, y: y - PICTURE / 2 - step, width: PICTURE, height: PICTURE, rx: 4 }));
  }
  const third = PICTURE / 3;
  for (const part of [1, 2]) {
    made.append(svg("path", { d: path("M", x + part * third, y - PICTURE / 2, "v", PICTURE, "M", x, y - PICTURE / 2 + part * third, "h", PICTURE) }));
  }
  made.append(label("picture", x + PICTURE / 2, y + PICTURE / 2 + 20, "rd-end", TEXT - 1));
  made.append(label(network.inputs, x + PICTURE / 2, y + PICTURE / 2 + 38, "rd-end", TEXT - 2));
  return made;
}

function classes(row, network) {
  const line = row.stages.at(-1).lines.at(-1);
  const from = line.items.at(-1).x + line.items.at(-1).width;
  const x = row.stages.at(-1).x + row.stages.at(-1).width + 26;
  const made = svg("g", { class: "rd-classes" }, svg("path", { class: "rd-line", d: path("M", from, line.y, "H", x - 2) }));
  made.append(svg("path", { class: "rd-arrow", d: path("M", x - 4, line.y - 9, "L", x + 12, line.y, "L", x - 4, line.y + 9, "Z") }));
  made.append(label(network.classes, x + 12, line.y + 30, "rd-end", TEXT), label("classes", x + 12, line.y + 48, "rd-end", TEXT - 1));
  return made;
}

function contents(stage, network) {
  const made = [];
  if (stage.isDense) {
    made.push(denseArcs(stage));
    made[0].dataset.stage = stage.name;
  }
  stage.lines.forEach((line, i) => {
    if (i) made.push(svg("path", { class: "rd-line rd-again", d: path("M", stage.x + 2, line.y, "h", 8) }));
    for (const item of line.items) {
      made.push(box(item, network));
      if (item.isFolded) made.push(count(item, stage));
    }
  });
  return made;
}

function box(item, network) {
  const { boxX: x, boxY: y, boxWidth: width, boxHeight: height, blocks, shape, sheets } = item;
  const name = blocks.length > 1 ? `${blocks[0]} to ${blocks.at(-1)}, ${blocks.length} units` : blocks[0];
  const made = svg("g", {
    class: `rd-box rd-is-${shape}`, role: "button", tabindex: -1, "aria-pressed": "false",
    "data-blocks": blocks.join(" "), "aria-label": `${name}: ${network.forms[item.forms[0]].text}`,
  });
  if (item.arc && shape === "unit") made.append(shortcut(item));
  for (const step of sheets ? [sheets, sheets / 2] : []) {
    made.append(svg("rect", { class: "rd-sheet", x: x + step, y: y - step, width, height, rx: 8 }));
  }
  made.append(svg("rect", { class: "rd-frame", x, y, width, height, rx: item.look.text ? 8 : 4 }));
  made.append(...(shape === "inception" ? inside(item) : item.glyphs.map((one) => glyph(one, x, item))));
  if (item.arc && shape === "unit") made.append(meeting(item));
  if (shape === "dense" && item.width > 34) made.append(label(item.channelsAfter, x + width + item.meet, y + height + 16, "rd-grown", TEXT - 3));
  made.append(...unlike(item, network.unlike));
  return made;
}

function glyph(one, left, item) {
  const x = left + one.x;
  const made = svg("g", { class: `rd-glyph rd-${one.kind}` });
  const top = item.y - one.height / 2;
  if (one.kind === "pool") {
    const lean = Math.min(one.height * 0.22, 18);
    made.append(svg("path", { d: path("M", x, top, "L", x + one.width, top + lean, "V", top + one.height - lean, "L", x, top + one.height, "Z") }));
  } else {
    made.append(svg("rect", { x, y: top, width: one.width, height: one.height, rx: one.kind === "linear" ? one.width / 2.2 : 4 }));
  }
  if (item.look.text) made.append(...written(one, x + one.width / 2, item));
  return made;
}

function written(one, x, item) {
  const size = item.look.text;
  const channels = one.kind === "pool" ? [] : [one.channels];
  const texts = [one.label, ...channels, ...one.notes];
  const shown = texts.slice(0, Math.max(Math.floor((one.height - 6) / (size + 1)), 1));
  const top = item.y - ((shown.length - 1) * (size + 1)) / 2 + size * 0.34;
  return shown.map((text, i) => label(text, x, top + i * (size + 1), i ? "rd-small" : "rd-name", fit(text, i ? size - 1 : size, one.width)));
}

function fit(text, size, width) {
  return Math.min(size, (size * (width - 5)) / (widthOf(text, size) * 1.1));
}

/** Four ways side by side, and the maps of all of them behind each other. */
function inside(item) {
  const { boxX: x, y, boxWidth: width, lanes } = item;
  const made = [];
  const end = x + width - 24;
  made.push(label(item.blocks[0].replace("inception", ""), x + 10, item.boxY + 22, "rd-title", TEXT));
  const all = lanes.reduce((sum, lane) => sum + lane.channels, 0);
  const tall = item.boxHeight - 22;
  let top = y - tall / 2;
  for (const lane of lanes) {
    const at = y + lane.y;
    const first = x + lane.glyphs[0].x;
    const share = (tall * lane.channels) / all;
    made.push(svg("path", { class: "rd-way", d: path("M", x, y, "C", x + 14, y, x + 6, at, x + 20, at, "H", first) }));
    made.push(svg("path", { class: "rd-way", d: path("M", first, at, "H", end - 14, "C", end - 5, at, end - 9, top + share / 2, end, top + share / 2) }));
    for (const one of lane.glyphs) made.push(laneGlyph(one, x + one.x, at));
    made.push(svg("rect", { class: "rd-share", x: end, y: top + 1, width: 13, height: Math.max(share - 2, 1), rx: 2 }));
    top += share;
  }
  return made;
}

function laneGlyph(one, x, y) {
  const made = svg("g", { class: `rd-glyph rd-${one.kind}` }, svg("rect", { x, y: y - one.height / 2, width: one.width, height: one.height, rx: 4 }));
  const text = svg("text", { class: "rd-name", x: x + one.width / 2, y: y + 5, "font-size": fit(`${one.label} ${one.channels}`, TEXT - 1, one.width) });
  text.append(one.label);
  if (one.kind !== "pool") text.append(svg("tspan", { class: "rd-small", dx: 5 }, String(one.channels)));
  made.append(text);
  return made;
}

/** How many units a folded box stands for; pressing it opens them. */
function count(item, stage) {
  const text = `× ${item.blocks.length}`;
  const width = widthOf(text, 20) + 18;
  const x = item.boxX + item.boxWidth / 2 - width / 2;
  const y = item.boxY + item.boxHeight - 9;
  const made = svg("g", { class: "rd-pill rd-count", role: "button", tabindex: 0, "data-stage": stage.name, "aria-label": `open ${item.blocks.length} units, ${item.blocks[0]} to ${item.blocks.at(-1)}` });
  made.append(svg("rect", { x, y, width, height: 30, rx: 15 }), label(text, x + width / 2, y + 21.5, "", 20));
  return made;
}

/** A mark at every part that the other network does not have like this. */
function unlike(item, parts) {
  const found = new Set(item.blocks.flatMap((block) => parts[block] ?? []));
  const r = item.look.text ? 12 : 7;
  const places = {
    shortcut: [(item.from + item.to) / 2 + (item.arc?.marks.length || item.gate ? 42 : 0), item.y - item.peak],
    branch: [item.boxX, item.boxY + item.boxHeight * 0.74],
    count: [item.boxX + item.boxWidth - 2, item.boxY + item.boxHeight - 2],
  };
  return [...found].map((part) => {
    const [x, y] = places[part];
    const made = unlikeMark(x, y, r);
    made.dataset.part = part;
    return made;
  });
}
