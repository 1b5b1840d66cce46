// Stages in rows: side by side while there is room, and no larger than the page can show at once.
import { HEADER, denseLook, measureStage, sum } from "./sizes.js";

const BETWEEN = 10; // two stages
const ROWS = 16;
const ENDS = { first: 72, last: 68, turn: 20 }; // the picture before the first stage, the classes behind the last; the line to a new row
const BESIDE = 150; // a dense block leaves room for stem or head beside it
const LARGEST = 1.5;
const SMALLEST = 0.9;
const WORTH = 0.8; // of the size, for one row less
const TOLERATED = 1.5; // times the height that is wanted
const EDGE = 3; // room for an outline

/** The largest layout that is not higher than `height`, otherwise the smallest; or the one of a given scale.
 *
 * A little smaller is better where that saves a row.
 */
export function layOut(drawing, { width, height, opened, scale: given, widths }) {
  if (given) return atScale(drawing, given, width, opened, widths);
  let best = null;
  for (let scale = LARGEST; scale > SMALLEST - 0.01; scale -= 0.05) {
    const found = atScale(drawing, scale, width, opened, widths);
    const fits = found.height * scale <= height;
    if (best ? found.lines < best.lines && scale > WORTH * best.scale : fits) best = found;
  }
  return best ?? filling(drawing, { width, height: TOLERATED * height, opened, widths });
}

/** What cannot be low is as large as the width allows without another row. */
function filling(drawing, { width, height, opened, widths }) {
  let found = atScale(drawing, SMALLEST, width, opened, widths);
  for (let scale = SMALLEST; scale < LARGEST; scale += 0.05) {
    const larger = atScale(drawing, scale, width, opened, widths);
    if (larger.lines > found.lines || larger.height * scale > height) break;
    found = larger;
  }
  return found;
}

function atScale(drawing, scale, width, opened, widths = {}) {
  const room = width / scale - 2 * EDGE;
  const dense = denseLook(drawing, opened, room - ENDS.first - BESIDE);
  const stages = drawing.stages.map((stage) => measureStage(stage, drawing.forms, opened.has(stage.name), dense));
  stages.forEach((stage, i) => {
    const ends = (i ? ENDS.turn : ENDS.first) + (i === stages.length - 1 ? ENDS.last : 0);
    stage.width = Math.min(Math.max(stage.width, widths[stage.name] ?? 0), room - ends);
  });
  let y = EDGE;
  const rows = inRows(stages, room).map((row) => {
    const placed = placeRow(row, y, room);
    y += placed.height + ROWS;
    return placed;
  });
  const lines = sum(rows.map((row) => row.lines));
  return { scale, rows, lines, width: Math.max(...rows.map((row) => row.width)) + EDGE, height: y - ROWS + EDGE };
}

function inRows(stages, room) {
  const rows = [];
  let row = null;
  let used = 0;
  stages.forEach((stage, i) => {
    const isLast = i === stages.length - 1;
    const needed = stage.width + BETWEEN + (isLast ? ENDS.last : 0);
    if (!row || used + needed > room) {
      row = [];
      rows.push(row);
      used = i === 0 ? ENDS.first : ENDS.turn;
    }
    stage.isFirst = i === 0;
    stage.isLast = isLast;
    row.push(stage);
    used += needed;
  });
  return rows;
}

/** The boxes of a stage, line by line: several where it is wider than the page. */
function linesOf(stage) {
  const lines = [[]];
  let used = 0;
  for (const item of stage.items) {
    if (used + item.width > stage.width - 2 * stage.side + 1 && lines.at(-1).length && !stage.isDense) {
      lines.push([]);
      used = 0;
    }
    lines.at(-1).push(item);
    used += item.width;
  }
  return lines;
}

function placeRow(row, top, room) {
  const above = Math.max(...row.map((stage) => stage.above));
  const below = Math.max(...row.map((stage) => stage.below));
  let x = EDGE + (row[0].isFirst ? ENDS.first : ENDS.turn);
  let height = HEADER + above + below;
  for (const stage of row) {
    const lines = linesOf(stage);
    Object.assign(stage, { x, y: top });
    height = Math.max(height, HEADER + lines.length * (above + below));
    stage.lines = lines.map((items, i) => placeLine(stage, items, top + HEADER + i * (above + below) + above));
    x += stage.width + BETWEEN;
  }
  for (const stage of row) stage.height = height;
  const last = row.at(-1);
  const lines = Math.max(...row.map((stage) => stage.lines.length));
  return { stages: row, y: top, height, lines, width: x - BETWEEN + (last.isLast ? ENDS.last : 0) };
}

function placeLine(stage, items, y) {
  const spare = stage.width - 2 * stage.side - sum(items.map((item) => item.width));
  const isOnly = stage.items.length === items.length;
  let x = stage.x + stage.side + (isOnly ? spare / 2 : 0);
  for (const item of items) {
    Object.assign(item, { x, y, boxX: x + item.lead, boxY: y - item.boxHeight / 2 });
    item.from = item.x + item.lead / 2;
    item.to = item.x + item.width - 18 * (item.look.node / 12);
    x += item.width;
  }
  return { y, items };
}
