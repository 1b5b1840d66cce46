// Play, pause, scrub: which step a replay shows.
import { asCount, button, element, say } from "./text.js";

const DURATIONS = [40, 20, 10, 5]; // seconds a whole replay takes
const HOLD_SECONDS = 4; // a loop rests at its end

export class Transport {
  /** `onStep(step, isPlaying)` is called whenever another step is to be shown. */
  constructor({ isRecording, onStep }) {
    this.onStep = onStep;
    this.isRecording = isRecording;
    this.last = 0;
    this.step = 0;
    this.duration = 20;
    this.isPlaying = false;
    this.play = button("rl-play", "", () => (this.isPlaying ? this.pause() : this.start()));
    this.slider = element("input", "rl-scrub");
    Object.assign(this.slider, { type: "range", min: 0, max: 0, step: 1, value: 0 });
    this.slider.setAttribute("aria-label", "step");
    this.slider.oninput = () => {
      this.pause();
      this.go(Number(this.slider.value));
    };
    this.label = element("output", "rl-step");
    this.root = element("div", "rl-transport");
    if (isRecording) this.root.append(element("span", "rl-badge", "Recording"));
    this.root.append(this.play, this.slider, this.label, this.speed());
    this.dress();
  }

  speed() {
    const select = element("select", "rl-speed");
    select.title = "How long the whole replay takes";
    select.setAttribute("aria-label", select.title);
    for (const seconds of DURATIONS) {
      const option = element("option", "", `in ${seconds}\u202fs`);
      Object.assign(option, { value: seconds, selected: seconds === this.duration });
      select.append(option);
    }
    select.onchange = () => {
      this.duration = Number(select.value);
      this.anchor();
    };
    return select;
  }

  /** The steps there are; shows the end at first, or plays a recording from its start. */
  load(last, wantsMotion) {
    this.last = last;
    this.slider.max = last;
    if (this.isRecording && wantsMotion) {
      this.go(0);
      this.start();
    } else this.go(last);
  }

  start() {
    if (this.last <= 0) return;
    if (this.step >= this.last) this.step = 0;
    this.isPlaying = true;
    this.anchor();
    this.dress();
    this.frame = requestAnimationFrame(() => this.tick());
  }

  pause() {
    if (!this.isPlaying) return;
    this.isPlaying = false;
    cancelAnimationFrame(this.frame);
    this.dress();
    this.onStep(this.step, false);
  }

  anchor() {
    this.anchored = { time: performance.now(), step: this.step };
  }

  tick() {
    if (!this.isPlaying) return;
    const seconds = (performance.now() - this.anchored.time) / 1000;
    const step = this.anchored.step + (seconds / this.duration) * this.last;
    const rested = (step - this.last) / this.last * this.duration;
    if (step < this.last) this.go(Math.floor(step));
    else if (this.step < this.last) this.go(this.last);
    else if (!this.isRecording) return this.pause();
    else if (rested > HOLD_SECONDS) {
      this.go(0);
      this.anchor();
    }
    this.frame = requestAnimationFrame(() => this.tick());
  }

  go(step) {
    if (step === this.step && this.hasShown) return;
    this.hasShown = true;
    this.step = step;
    this.slider.value = step;
    const text = `step ${asCount(step + 1)} of ${asCount(this.last + 1)}`;
    this.slider.setAttribute("aria-valuetext", text);
    say(this.label, text);
    this.onStep(step, this.isPlaying);
  }

  dress() {
    const says = this.isPlaying ? "Pause" : "Play";
    this.play.innerHTML = this.isPlaying
      ? '<svg viewBox="0 0 16 16" aria-hidden="true"><path d="M3 2h4v12H3zM9 2h4v12H9z"/></svg>'
      : '<svg viewBox="0 0 16 16" aria-hidden="true"><path d="M3 1.5v13l11-6.5z"/></svg>';
    this.play.setAttribute("aria-label", says);
    this.play.title = says;
  }

  close() {
    this.isPlaying = false;
    cancelAnimationFrame(this.frame);
  }
}
