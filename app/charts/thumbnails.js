// Thumbnails as buttons: one Tab stop for all of them, arrow keys from one to the next.
const drawn = new WeakMap(); // what a place shows, so that a choice alone draws nothing anew and keeps the focus

export default function ({ data, parentElement, setTriggerValue }) {
  const grid = parentElement.querySelector(".grid");
  grid.setAttribute("aria-label", data.label);
  const now = JSON.stringify(data.shown);
  if (drawn.get(grid) !== now) grid.replaceChildren(...data.shown.map(thumbnail));
  drawn.set(grid, now);
  grid.onclick = (event) => {
    const button = event.target.closest("button");
    if (button) setTriggerValue("chosen", Number(button.value));
  };
  grid.onkeydown = (event) => move(event, [...grid.children]);
  mark([...grid.children], data.chosen);
}

function thumbnail({ number, source, title, lines, alt }) {
  const button = document.createElement("button");
  button.type = "button";
  button.value = number;
  button.title = alt;
  button.setAttribute("aria-label", alt);
  const image = document.createElement("img");
  image.src = source;
  image.alt = "";
  button.append(image, words(title, "title"), ...lines.map(([said, color]) => words(said, "line", color)));
  return button;
}

function words(said, kind, color = "") {
  const line = document.createElement("span");
  line.className = kind;
  line.textContent = said;
  line.style.color = color;
  return line;
}

function mark(buttons, chosen) {
  for (const button of buttons) button.setAttribute("aria-pressed", Number(button.value) === chosen);
  stop(buttons, buttons.find((button) => button === button.getRootNode().activeElement)
    ?? buttons.find((button) => Number(button.value) === chosen) ?? buttons[0]);
}

/** Tab comes to `wanted` alone. */
function stop(buttons, wanted) {
  for (const button of buttons) button.tabIndex = button === wanted ? 0 : -1;
}

function move(event, buttons) {
  const at = buttons.indexOf(event.target), across = buttons.filter((b) => b.offsetTop === buttons[0].offsetTop).length;
  const steps = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -across, ArrowDown: across, Home: -at, End: buttons.length - 1 - at };
  const wanted = buttons[at + steps[event.key]];
  if (at < 0 || !(event.key in steps)) return;
  event.preventDefault();
  event.stopPropagation(); // arrows are shortcuts on one of the pages
  if (!wanted) return;
  stop(buttons, wanted);
  wanted.focus();
}
