// Signs that the drawing has in several places: added, gated, and not the same in the other network.
import { label, path, svg } from "./svg.js";

/** A plus, from its middle to each end `half`. */
export function plus(x, y, half) {
  return svg("path", { d: path("M", x - half, y, "H", x + half, "M", x, y - half, "V", y + half) });
}

/** A valve: two triangles that touch in the middle, `w` and `h` from there to each corner. */
export function valve(x, y, w, h) {
  return svg("path", { class: "rd-valve", d: path("M", x - w, y - h, "L", x + w, y + h, "V", y - h, "L", x - w, y + h, "Z") });
}

export function unlikeMark(x, y, r) {
  return svg("g", { class: "rd-unlike" }, svg("circle", { cx: x, cy: y, r }), label("≠", x, y + r * 0.45, "", r * 1.5));
}
