// Where the bars of app/figures/bars.py stand: side by side around the number of their block.

const GROUP = 0.84;
const BAR = 0.88;

/** How far from its block's number each arm's bars stand, and their width; who has none takes no room. */
export function slots(areShown) {
  const count = areShown.filter(Boolean).length;
  const room = GROUP / Math.max(count, 1);
  const left = -(count - 1) / 2;
  return [areShown.map((_, arm) => room * (left + areShown.slice(0, arm).filter(Boolean).length)), BAR * room];
}

/** A filled trace in its slot: bars, and the ticks across them, get their width on the axis of blocks. */
export function widened(trace, shift, width) {
  const moved = { ...trace, x: trace.x.map((place) => place + shift) };
  if (trace.type === "bar") return { ...moved, width };
  if (trace.meta.role === "initial") return { ...moved, error_x: { ...trace.error_x, value: width / 2 } };
  return moved;
}
