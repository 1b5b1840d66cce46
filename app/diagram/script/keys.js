// The diagram by keyboard: arrows from box to box, Enter chooses, Escape lets go.

/** Left and right follow the picture, up and down go to the nearest box of another row or network. */
export function onKey(event, diagram) {
  const target = event.composedPath()[0];
  const pill = target.closest?.(".rd-pill");
  const box = target.closest?.(".rd-box");
  const act = () => {
    if (event.key === "Escape" && diagram.chosen) return diagram.choose("");
    if (event.key === "Enter" || event.key === " ") return (pill ?? box) && diagram.press(target);
    if (!box || pill) return false;
    const next = neighbour(box, event.key, [...diagram.places.querySelectorAll(".rd-box")]);
    return next && diagram.rove(next);
  };
  if (act() === false || !MOVES.has(event.key)) return;
  if (box || pill) event.preventDefault();
}

const MOVES = new Set(["ArrowLeft", "ArrowRight", "ArrowUp", "ArrowDown", "Home", "End", "Enter", " ", "Escape"]);

function neighbour(box, key, all) {
  const own = all.filter((other) => other.closest("svg") === box.closest("svg"));
  const at = own.indexOf(box);
  if (key === "ArrowRight") return own[at + 1];
  if (key === "ArrowLeft") return own[at - 1];
  if (key === "Home") return own[0];
  if (key === "End") return own.at(-1);
  if (key === "ArrowUp" || key === "ArrowDown") return across(box, all, key === "ArrowDown" ? 1 : -1);
  return undefined;
}

function across(box, all, direction) {
  const centre = (one) => {
    const { x, y, width, height } = one.querySelector(".rd-frame").getBoundingClientRect();
    return [x + width / 2, y + height / 2];
  };
  const [x, y] = centre(box);
  const places = all.map((other) => [other, ...centre(other)]).filter(([, , top]) => (top - y) * direction > 20);
  const nearest = Math.min(...places.map(([, , top]) => Math.abs(top - y)));
  const row = places.filter(([, , top]) => Math.abs(top - y) < nearest + 20);
  return row.sort((a, b) => Math.abs(a[1] - x) - Math.abs(b[1] - x))[0]?.[0];
}
