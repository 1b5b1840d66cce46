// Goes through the kept steps: a native slider that answers while it is being dragged, and a button that plays.
const PLAYED_MS = 700; // a step, when played
const SENT_MS = 60; // between two messages, while dragged
const scrubbers = new WeakMap();

export default function ({ data, parentElement, setStateValue }) {
  const scrubber = scrubbers.get(parentElement) ?? new Scrubber(parentElement);
  scrubbers.set(parentElement, scrubber);
  scrubber.send = (step) => setStateValue("step", step);
  scrubber.show(data);
  return () => scrubber.close();
}

class Scrubber {
  constructor(place) {
    this.slider = place.querySelector("input");
    this.told = place.querySelector("output");
    this.button = place.querySelector("button");
    this.slider.oninput = () => (this.stop(), this.moveTo(this.place));
    this.slider.onkeydown = (event) => event.stopPropagation(); // arrows are shortcuts on one of the pages
    this.button.onclick = () => (this.timer ? this.stop() : this.play());
  }

  /** `steps` may have changed, and `step` may be where the handle was a moment ago: it stays in the hand. */
  show({ steps, step }) {
    this.steps = steps;
    this.slider.max = steps.length - 1;
    this.step = steps.includes(this.wanted) ? this.wanted : step;
    this.slider.value = steps.indexOf(this.step);
    this.tell();
  }

  get place() {
    return Number(this.slider.value);
  }

  get isAtEnd() {
    return this.place === this.steps.length - 1;
  }

  tell() {
    this.told.value = `step ${this.step}`;
    this.slider.setAttribute("aria-valuetext", this.told.value);
    this.button.textContent = this.timer ? "❚❚" : "▶";
    this.button.setAttribute("aria-label", this.timer ? "Pause" : "Play the steps");
  }

  moveTo(place) {
    this.slider.value = place;
    this.step = this.wanted = this.steps[place];
    this.tell();
    const pause = this.sentAt === undefined ? 0 : this.sentAt + SENT_MS - performance.now();
    this.due ??= setTimeout(() => this.sendStep(), Math.max(pause, 0));
  }

  sendStep() {
    this.due = undefined;
    this.sentAt = performance.now();
    this.send(this.step);
  }

  play() {
    this.timer = setInterval(() => this.advance(), PLAYED_MS);
    if (this.isAtEnd) this.moveTo(0);
    else this.advance();
  }

  advance() {
    this.moveTo(Math.min(this.place + 1, this.steps.length - 1));
    if (this.isAtEnd) this.stop();
  }

  stop() {
    clearInterval(this.timer);
    this.timer = undefined;
    this.tell();
  }

  close() {
    this.stop();
    clearTimeout(this.due);
  }
}
