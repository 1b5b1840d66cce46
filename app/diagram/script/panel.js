// The chosen block up close: its inside, its formula with its own shapes, and the way to its neighbours.
import { drawInside } from "./inside.js";
import { withSubscripts } from "./svg.js";
import { asCount, button, element } from "./text.js";

/** A panel that shows a block of every network that has one of this name. */
export class Panel {
  constructor({ onStep, onClose }) {
    this.title = element("h3", "");
    this.where = element("span", "rd-where");
    this.body = element("div", "rd-insides");
    const heading = element("header", "", this.title, this.where);
    heading.append(sign("‹", "previous block", () => onStep(-1)), sign("›", "next block", () => onStep(1)));
    heading.append(sign("×", "close the block", onClose));
    this.root = element("section", "rd-panel", heading, this.body);
    this.root.setAttribute("aria-live", "polite");
    this.hide();
  }

  hide() {
    this.root.hidden = true;
  }

  show(block, networks) {
    const having = networks.filter((network) => network.formOf.has(block));
    if (!having.length) return this.hide();
    this.root.hidden = false;
    this.title.textContent = block;
    this.where.textContent = placeOf(block, having);
    this.body.replaceChildren(...having.map((network) => one(block, network, networks, this.body.clientWidth)));
    return undefined;
  }
}

/** A button that shows a sign instead of its name. */
function sign(text, name, onPress) {
  const made = button("", text, onPress);
  made.setAttribute("aria-label", name);
  made.title = name;
  return made;
}

function placeOf(block, [network, second]) {
  const box = network.boxOf.get(block);
  const alike = box.blocks.length > 1 && new Set(box.forms).size === 1;
  const folded = alike ? `one of ${box.blocks.length} units that are built alike` : "";
  return second ? [folded, "in both networks"].filter(Boolean).join(", ") : folded;
}

function one(block, network, networks, room) {
  const form = network.formOf.get(block);
  const other = networks.find((one) => one !== network && one.formOf.has(block));
  const unlike = other ? network.unlikeOps[`${form} ${other.formOf.get(block)}`] : [];
  const inside = withChance(network.forms[form].inside, network.survival[block]);
  const made = element("article", "rd-one");
  made.style.setProperty("--arm", network.hue);
  if (networks.length > 1) made.append(element("h4", "", element("i", "rd-swatch"), network.name));
  made.append(element("div", "rd-scroll", drawInside(inside, unlike, room)), formula(inside), facts(inside));
  return made;
}

/** Equal units differ in nothing but their chance to take part. */
function withChance(inside, chance) {
  if (chance === undefined) return inside;
  const told = (op) => (op.kind === "drop path" ? { ...op, note: `takes part: ${chance.toFixed(3)}` } : op);
  return { ...inside, paths: inside.paths.map((one) => ({ ...one, ops: one.ops.map(told) })) };
}

function formula({ formula: { lines, skip, symbols } }) {
  const made = element("div", "rd-formula");
  lines.forEach((line, i) => made.append(element("p", "", i === lines.length - 1 ? marked(line, skip) : withSubscripts(line))));
  const names = element("dl", "rd-symbols");
  for (const [name, shape] of symbols) names.append(element("div", "", element("dt", "", withSubscripts(name)), element("dd", "", shape)));
  made.append(names);
  return made;
}

/** The part of the formula that goes past the branch stands out. */
function marked(line, skip) {
  const at = skip ? line.indexOf(skip) : -1;
  if (at < 0) return withSubscripts(line);
  const past = element("mark", "", withSubscripts(skip));
  return element("span", "", withSubscripts(line.slice(0, at)), past, withSubscripts(line.slice(at + skip.length)));
}

function facts(inside) {
  const { parameters, multiplyAdds } = inside;
  return element("p", "rd-facts", `${asCount(parameters)} parameters, ${asCount(multiplyAdds)} multiply-adds for one picture`);
}
