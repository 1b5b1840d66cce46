// Goes through the kept steps: a native slider that answers while it is being dragged, and a button that plays.
const PLAYED_MS = 700; // a step, when played
const SENT_MS = 60; // between two messages, while dragged
const scrubbers = new WeakMap();

export default function ({ data, parentElement, setStateValue }) {
  const scrubber = scrubbers.get(parentElement) ?? new Scrubber(parentElement);
  scrubbers.set(parentElement, scrubber);
  scrubber.send = (step) => setStateValue("step", step);
  scrubber.show(data);
  return () => scrubber.stop();
}

class Scrubber {
  constructor(place) {
    this.slider = place.querySelector("input");
    this.told = place.querySelector("output");
    this.button = place.querySelector("button");
    this.slider.oninput = () => (this.stop(), this.moved());
    this.button.onclick = () => (this.timer ? this.stop() : this.play());
  }

  show({ steps, step }) {
    this.steps = steps;
    this.slider.max = steps.length - 1;
    // An answer to an earlier place must not take the handle out of the reader's hand.
    if (!this.due && (this.sent === undefined || this.sent === step || !steps.includes(this.sent))) {
      this.slider.value = steps.indexOf(step);
    }
    this.tell();
  }

  get step() {
    return this.steps[this.slider.value];
  }

  tell() {
    this.told.value = `step ${this.step}`;
    this.slider.setAttribute("aria-valuetext", this.told.value);
    this.button.textContent = this.timer ? "❚❚" : "▶";
    this.button.setAttribute("aria-label", this.timer ? "Pause" : "Play the steps");
  }

  moved() {
    this.tell();
    this.due ??= setTimeout(() => {
      this.due = undefined;
      this.sent = this.step;
      this.send(this.step);
    }, performance.now() - (this.sentAt ?? -Infinity) > SENT_MS ? 0 : SENT_MS);
    this.sentAt = performance.now();
  }

  play() {
    if (this.slider.value === this.slider.max) this.slider.value = -1;
    this.timer = setInterval(() => this.advance(), PLAYED_MS);
    this.advance();
  }

  advance() {
    this.slider.value = Number(this.slider.value) + 1;
    if (this.slider.value === this.slider.max) this.stop();
    this.moved();
  }

  stop() {
    clearInterval(this.timer);
    this.timer = undefined;
    this.tell();
  }
}
