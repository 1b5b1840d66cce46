// One way to make elements of a drawing, and text with subscripts.

const SVG = "http://www.w3.org/2000/svg";

/** svg("rect", { class: "bar", x: 1 }, child, ...): attributes that are null are left out. */
export function svg(tag, attributes = {}, ...children) {
  const made = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== null && value !== undefined) made.setAttribute(name, typeof value === "number" ? round(value) : value);
  }
  made.append(...children.filter((child) => child !== null && child !== undefined));
  return made;
}

export function label(text, x, y, name, size) {
  return svg("text", { class: name, x, y, "font-size": size }, String(text));
}

/** "W_{1}" with its index as a subscript. */
export function withSubscripts(text) {
  const parts = document.createElement("span");
  for (const [, plain, index] of text.matchAll(/([^_]+|_(?!\{))|_\{([^}]*)\}/g)) {
    if (index === undefined) parts.append(plain);
    else parts.append(Object.assign(document.createElement("sub"), { textContent: index }));
  }
  return parts;
}

/** How wide a text will be, near enough for a layout. */
export function widthOf(text, size) {
  return String(text).length * size * 0.54;
}

export function path(...parts) {
  return parts.map((part) => (typeof part === "number" ? round(part) : part)).join(" ");
}

function round(number) {
  return Math.round(number * 100) / 100;
}
