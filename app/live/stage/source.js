// Where deltas come from: the server's own route, or, where it has none, answers through Streamlit.
import { decode } from "./wire.js";

const VISIBLE_MS = 500;
const HIDDEN_MS = 5000;
const LONGEST_WAIT_MS = 8000;

/** Asks the route. That a run is gone is final: no retry can mend it. */
export async function askRoute({ id, since, sprites }) {
  const url = new URL(`api/runs/${id}/delta?since=${since}&sprites=${sprites ? 1 : 0}`, document.baseURI);
  const answer = await fetch(url, { cache: "no-store" });
  if (answer.status === 404) throw Object.assign(new Error((await answer.json()).error), { isFinal: true });
  if (!answer.ok) throw new Error(`the server answered ${answer.status}`);
  return answer.arrayBuffer();
}

/** Keeps runs up to date until all of them have ended. */
export class Source {
  /** `ask({id, since, sprites})` gives bytes; `onNews(hasChanged)` and `onTrouble(text)` tell of them. */
  constructor(runs, { ask, isFollowing, sharesPictures, onNews, onTrouble }) {
    Object.assign(this, { runs, ask, isFollowing, sharesPictures, onNews, onTrouble });
    this.failures = 0;
    this.onVisible = () => document.visibilityState === "visible" && this.hurry();
    document.addEventListener("visibilitychange", this.onVisible);
    this.turn();
  }

  async turn() {
    this.timer = null;
    const started = performance.now();
    try {
      const changed = await Promise.all(this.runs.map((run, i) => this.update(run, i)));
      if (this.isClosed) return;
      if (this.failures) this.onTrouble("");
      this.failures = 0;
      this.onNews(changed.some(Boolean));
    } catch (error) {
      if (this.isClosed) return;
      this.failures++;
      if (error.isFinal) this.onTrouble(error.message);
      else if (this.failures > 1) this.onTrouble("Connection lost, trying again");
      if (error.isFinal) return;
    }
    const isOver = !this.isFollowing || this.runs.every((run) => run.hasEnded);
    if (isOver && !this.failures) return;
    this.timer = setTimeout(() => this.turn(), Math.max(50, this.wait() - (performance.now() - started)));
  }

  async update(run, i) {
    if (run.hasEnded && run.isComplete) return false;
    const buffer = await this.ask({ id: run.id, since: run.newest, sprites: i === 0 || !this.sharesPictures });
    const changed = run.append(decode(buffer, run.quantities));
    run.isComplete = run.hasEnded;
    return changed;
  }

  wait() {
    const usual = document.visibilityState === "hidden" ? HIDDEN_MS : VISIBLE_MS;
    return Math.min(Math.max(LONGEST_WAIT_MS, usual), usual * 2 ** Math.min(this.failures, 5));
  }

  hurry() {
    if (!this.timer) return;
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.turn(), 0);
  }

  close() {
    this.isClosed = true;
    clearTimeout(this.timer);
    document.removeEventListener("visibilitychange", this.onVisible);
  }
}
