// How large things are at scale 1, in pixels: bars by their channels, boxes by their bars, stages by their boxes.
import { widthOf } from "./svg.js";

export const TEXT = 16;
export const HEADER = 50; // the name of a stage and the shape of its maps
const SIDE = 9; // of a stage, left and right of its boxes
export const LEAD = 20; // where a shortcut leaves, before a box
export const MEET = 36; // where it comes back, behind a box
const SHEETS = 12; // room for the sheets behind a folded box
const MANY = 12; // so many boxes of an opened stage are drawn small
const LANE = { height: 34, gap: 8, width: 74 };
const NARROWEST = 6; // of a bar in a dense block

const FULL = { bar: 43, pool: 50, gap: 6, pad: 9, text: TEXT, tall: 1, lead: LEAD, meet: MEET, node: 12 };
const SMALL = { bar: 9, pool: 9, gap: 3, pad: 5, text: 0, tall: 0.62, lead: 9, meet: 19, node: 7 };

/** Twice the channels, a fixed step higher. */
export function heightOf(channels) {
  return Math.min(Math.max(34 + 11 * Math.log2(channels), 40), 168);
}

/** The boxes of a stage with their sizes; `opened` unfolds what is folded, `dense` is how dense layers look. */
export function measureStage(stage, forms, opened, dense) {
  const boxes = boxesOf(stage, opened);
  const isSmall = boxes.length > MANY && !stage.isDense;
  const isFoldable = stage.boxes.some((box) => box.blocks.length > 1);
  const named = Math.max(widthOf(stage.name, TEXT + 2), widthOf(stage.shape, TEXT)) + (isFoldable && opened ? 70 : 0);
  const look = stage.isDense ? dense : isSmall ? SMALL : FULL;
  const items = boxes.map((box) => measureBox(box, forms, look));
  const arcs = stage.isDense ? denseArcs(items) : [];
  return {
    ...stage, items, arcs, isOpen: opened, isFoldable, side: SIDE,
    width: Math.max(sum(items.map((item) => item.width)), named) + 2 * SIDE,
    above: Math.max(...items.map((item) => item.above), ...arcs.map((arc) => arc.peak + 6)),
    below: Math.max(...items.map((item) => item.below)),
  };
}

function boxesOf(stage, opened) {
  if (!opened) return stage.boxes;
  return stage.boxes.flatMap((box) => box.blocks.map((block, i) => ({ blocks: [block], forms: [box.forms[i]] })));
}

/** A dense block never breaks over two lines, for its arcs would: the bars of all of them get narrower. */
export function denseLook({ stages, forms }, opened, room) {
  let look = FULL;
  const isTooWide = (stage) => stage.isDense && measureStage(stage, forms, opened.has(stage.name), look).width > room;
  for (let share = 0.95; share > 0.05 && stages.some(isTooWide); share -= 0.05) {
    const bar = Math.max(FULL.bar * share, NARROWEST);
    const [gap, pad] = [Math.max(FULL.gap * share, 1), Math.max(FULL.pad * share, 1)];
    const lead = LEAD * Math.max(share, 0.2);
    look = { ...FULL, bar, pool: Math.max(bar, 14), gap, pad, text: bar < 30 ? 0 : TEXT - 2, lead, meet: lead };
  }
  return look;
}

function measureBox(box, forms, look) {
  const form = forms[box.forms[0]];
  const isFolded = box.blocks.length > 1;
  const item = { ...box, shape: form.shape, look, isFolded, arc: form.arc, gate: form.gate, channelsAfter: forms[box.forms.at(-1)].channels };
  const isUnit = form.shape === "unit" || form.shape === "dense";
  item.lead = isUnit ? look.lead : 10;
  const valve = form.gate === "exclusive" && look.text ? 16 : 0;
  item.meet = form.shape === "unit" ? look.meet + valve : form.shape === "dense" ? look.lead / 2 : 10;
  const [width, height] = form.shape === "inception" ? inception(item, form) : lane(item, form, look);
  item.sheets = isFolded ? SHEETS : 0;
  Object.assign(item, { boxWidth: width, boxHeight: height, width: item.lead + width + item.sheets + item.meet });
  item.peak = isUnit ? height / 2 + (look === SMALL ? 10 : 22) + item.sheets : 0;
  item.above = form.shape === "unit" ? item.peak + (form.arc?.marks.length || form.gate ? 16 : 6) : height / 2 + 8;
  item.below = height / 2 + (isFolded ? 22 : 12) + (form.shape === "dense" ? 14 : 0);
  return item;
}

function lane(item, form, look) {
  let x = look.pad;
  item.glyphs = (form.lanes[0] ?? []).map((glyph) => {
    const width = glyph.kind === "pool" ? look.pool : look.bar;
    const placed = { ...glyph, x, width, height: heightOf(glyph.channels) * look.tall };
    x += width + look.gap;
    return placed;
  });
  const tallest = Math.max(...item.glyphs.map((glyph) => glyph.height), 40);
  return [Math.max(x - look.gap + look.pad, 2 * look.pad), tallest + 2 * look.pad];
}

function inception(item, form) {
  const most = Math.max(...form.lanes.map((glyphs) => glyphs.length));
  const height = form.lanes.length * (LANE.height + LANE.gap) - LANE.gap;
  item.lanes = form.lanes.map((glyphs, i) => ({
    y: i * (LANE.height + LANE.gap) - height / 2 + LANE.height / 2,
    channels: glyphs.at(-1)?.channels ?? 0,
    glyphs: glyphs.map((glyph, j) => ({ ...glyph, x: 22 + (most - glyphs.length + j) * (LANE.width + 10), width: LANE.width, height: LANE.height })),
  }));
  return [22 + most * (LANE.width + 10) + 36, height + 22];
}

/** Over what lies between its ends, and the higher the farther these are apart. */
function denseArcs(items) {
  const layers = items.filter((item) => item.shape === "dense");
  const clear = Math.max(...layers.map((item) => item.boxHeight / 2)) + 8;
  const step = Math.min(14, 96 / layers.length);
  const arcs = [];
  for (let from = 0; from <= layers.length; from += 1) {
    for (let to = from + 2; to <= layers.length + 1; to += 1) {
      arcs.push({ from, to, peak: clear + step * (to - from - 1) });
    }
  }
  return arcs;
}

export function sum(numbers) {
  return numbers.reduce((a, b) => a + b, 0);
}
