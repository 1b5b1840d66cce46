// The stage: arms, charts and pictures of the runs of one race, live or replayed.
import { ArmStrip } from "./arms.js";
import { describeCurves, describeHeat, describeProfile } from "./describe.js";
import { fillCurves } from "./fill_curves.js";
import { fillHeat, spanOfAll } from "./fill_heat.js";
import { fillProfile, hasReading, rememberAll } from "./fill_profile.js";
import { dressPage, keys, loadPlotly, themeOf, wantsMotion } from "./page.js";
import { Panel } from "./panel.js";
import { Pictures } from "./pictures.js";
import { Run } from "./run.js";
import { Source, askRoute } from "./source.js";
import { Transport } from "./transport.js";
import { button, element, say } from "./text.js";

// Drawing may take these shares of the time: live networks may be training on the same processor.
const LIVE_SHARE = 0.25;
const REPLAY_SHARE = 0.5;
const HEAT_SHARE = 0.06;
const FRAME_MS = 90; // no projector needs more
const LONGEST_PAUSE_MS = 1500; // nor bears less
const stages = new WeakMap();

/** Called by Streamlit whenever data or theme change; the stage stays the same. */
export async function show(component) {
  const { parentElement, data } = component;
  dressPage(STYLE);
  const plotly = await loadPlotly(data);
  if (!parentElement.isConnected) return;
  const stage = stages.get(parentElement) ?? new Stage(parentElement, plotly);
  stages.set(parentElement, stage);
  stage.update(component);
}

export function unmount(parentElement) {
  stages.get(parentElement)?.close();
  stages.delete(parentElement);
}

class Stage {
  constructor(parentElement, plotly) {
    this.plotly = plotly;
    Object.assign(this, { cost: 0, drawnAt: 0, heatDueAt: 0 });
    this.root = element("div", "rl-stage");
    (parentElement.querySelector(".rl-root") ?? parentElement).replaceChildren(this.root);
  }

  update({ parentElement, data, setStateValue }) {
    this.setStateValue = setStateValue;
    const theme = themeOf(parentElement);
    const key = JSON.stringify([data.runs, data.mode, data.arms]);
    const isDressed = theme === this.theme && data.scale === this.data?.scale;
    if (key !== this.key) this.begin(key, data, theme);
    else if (!isDressed) this.dress(theme, data);
  }

  /** Other runs: everything is made anew. */
  begin(key, data, theme) {
    this.close();
    Object.assign(this, { key, data, theme, hasToldEnd: false });
    this.isLive = data.mode === "live";
    this.runs = data.runs.map((id) => new Run(id));
    this.quantity = data.extras[0].quantity;
    this.trouble = element("p", "rl-trouble");
    this.trouble.setAttribute("role", "status");
    this.transport = this.isLive ? null : new Transport({
      isRecording: data.mode === "recording",
      onStep: () => this.invite(),
    });
    this.build();
    const ask = data.hasRoutes ? askRoute : (request) => globalThis.resnetLab.ask(data.key, request);
    this.source = new Source(this.runs, {
      ask,
      isFollowing: this.isLive,
      sharesPictures: data.sharesPictures,
      onNews: (hasChanged) => this.onNews(hasChanged),
      onTrouble: (text) => say(this.trouble, text),
    });
  }

  build() {
    const { arms, texts } = this.data;
    this.panels = {
      curves: new Panel({ name: "curves", ...texts.curves, fill: fillCurves, describe: (...a) => describeCurves(arms, ...a) }),
      profile: new Panel({
        name: "profile", ...texts.gradient_norm, fill: fillProfile,
        describe: (...a) => describeProfile(texts.gradient_norm.title, "gradient_norm", arms, ...a),
      }),
      heat: new Panel({ name: "heat", ...texts.heat, fill: fillHeat, describe: (...a) => describeHeat(arms, ...a) }),
      extra: new Panel({
        name: "extra", ...texts[this.quantity], fill: fillProfile,
        describe: (...a) => describeProfile(texts[this.quantity].title, this.quantity, arms, ...a),
      }),
    };
    this.panels.curves.tools.prepend(keys(["raw", "each step"], ["bold", "smoothed"], ["chance", "chance"]));
    this.panels.profile.tools.prepend(keys(["ghost", "step 0"], ["bold", "now"]));
    this.panels.heat.tools.prepend(keys(["zero", "exactly 0"], ["infinite", "infinite"], ["undefined", "NaN"]));
    this.choicesRow = this.choices();
    this.panels.extra.root.querySelector("header").after(this.choicesRow);
    this.explainMarks();
    this.pictures = new Pictures(texts.pictures);
    this.armsRow = element("div", "rl-arms");
    this.grid = element("div", "rl-grid");
    this.grid.append(...Object.values(this.panels).map((panel) => panel.root), this.pictures.root);
    this.root.replaceChildren(...(this.transport ? [this.transport.root] : []), this.armsRow, this.grid, this.trouble);
    this.root.dataset.arms = arms.length;
    this.dress(this.theme, this.data);
  }

  /** Buttons for the quantities by layer that share one panel. */
  choices() {
    const row = element("div", "rl-choices");
    row.setAttribute("role", "group");
    row.setAttribute("aria-label", "quantity shown");
    for (const { quantity, label } of this.data.extras) {
      const choice = button("", label, () => this.choose(quantity));
      choice.setAttribute("aria-pressed", quantity === this.quantity);
      choice.dataset.quantity = quantity;
      row.append(choice);
    }
    return row;
  }

  /** What only some networks have is offered once it was read in one of the runs. */
  offer() {
    for (const choice of this.choicesRow.children) {
      const { quantity } = choice.dataset;
      const { bars: isRare } = this.skeletons.extra[quantity].layout.meta;
      choice.hidden = isRare && !this.runs.some((run) => hasReading(run, quantity));
    }
  }

  /** The legend of the quantity that is shown. */
  explainMarks() {
    const { bars, second } = this.skeletons.extra[this.quantity].layout.meta;
    const marks = bars ? [["tick", "step 0"], ["block", "now"]] : [["ghost", "step 0"], ["bold", "now"]];
    const ways = [["ghost", "step 0, shortcut"], ["bold", "shortcut"], ["dotted", "branch"]];
    this.extraKeys?.remove();
    this.extraKeys = keys(...(second ? ways : marks));
    this.panels.extra.tools.prepend(this.extraKeys);
  }

  choose(quantity) {
    this.quantity = quantity;
    for (const choice of this.choicesRow.children) {
      choice.setAttribute("aria-pressed", choice.dataset.quantity === quantity);
    }
    this.explainMarks();
    const { title, caption } = this.data.texts[quantity];
    this.panels.extra.explain(title, caption);
    this.panels.extra.forget();
    this.rememberExtra();
    this.draw(true);
  }

  /** Light or dark, for the desk or for the wall: the same charts in other clothes. */
  dress(theme, data) {
    Object.assign(this, { theme, data });
    this.root.style.setProperty("--rl-scale", data.scale);
    for (const [name, color] of Object.entries(this.data.colors[theme])) this.root.style.setProperty(`--rl-${name}`, color);
    this.strips = this.data.arms.map((arm) => new ArmStrip(arm, theme));
    this.armsRow.replaceChildren(...this.strips.map((strip) => strip.root));
    this.draw(true);
  }

  onNews(hasChanged) {
    if (this.transport && !this.isLoaded && this.runs.some((run) => run.steps.length)) {
      this.isLoaded = true;
      this.remember();
      this.transport.load(Math.max(...this.runs.map((run) => run.newest)), wantsMotion());
    }
    if (hasChanged) this.invite();
    if (this.isLive && !this.hasToldEnd && this.runs.every((run) => run.hasEnded)) {
      this.hasToldEnd = true;
      this.setStateValue("ended", this.data.runs.join(" "));
    }
  }

  /** A replay knows the ends of its axes from the start, so nothing jumps while it plays. */
  remember() {
    rememberAll(this.panels.profile.memory, this.runs, this.skeletons.profile.layout.meta);
    this.panels.heat.memory.span = spanOfAll(this.runs);
    this.rememberExtra();
  }

  rememberExtra() {
    if (this.isLive) return;
    rememberAll(this.panels.extra.memory, this.runs, this.skeletons.extra[this.quantity].layout.meta);
  }

  get skeletons() {
    return this.data.skeletons[this.theme];
  }

  get isMoving() {
    return this.isLive ? !this.runs.every((run) => run.hasEnded) : this.transport.isPlaying;
  }

  get step() {
    return this.isLive ? Infinity : this.transport.step;
  }

  /** Draws as soon as the drawings' share of the time allows; live numbers are told at once. */
  invite() {
    if (this.isLive) this.tell();
    if (this.invited) return;
    const wish = this.cost / (this.isLive ? LIVE_SHARE : REPLAY_SHARE);
    const pause = Math.max(FRAME_MS, this.isMoving ? Math.min(wish, LONGEST_PAUSE_MS) : 0);
    this.invited = setTimeout(() => this.draw(!this.isMoving), this.drawnAt + pause - performance.now());
  }

  tell() {
    this.offer();
    this.strips.forEach((strip, i) => strip.show(this.runs[i], this.step, this.isLive));
    this.pictures.show(this.runs, this.data.arms, this.theme, this.step);
  }

  /** One drawing at a time; what is asked for meanwhile comes next. */
  async draw(isWhole) {
    clearTimeout(this.invited);
    this.invited = null;
    this.tell();
    this.isDue = true;
    if (this.isDrawing) return;
    this.isDrawing = true;
    this.isDue = false;
    try {
      await this.drawPanels(this.panels, isWhole);
    } catch (error) {
      say(this.trouble, `A chart cannot be drawn: ${error.message}`);
    }
    this.isDrawing = false;
    if (this.isDue) this.invite();
  }

  async drawPanels({ curves, profile, extra, heat }, isWhole) {
    const started = performance.now();
    const [plotly, skeletons, runs, step] = [this.plotly, this.skeletons, this.runs, this.step];
    await Promise.all([
      curves.draw(plotly, skeletons.curves, runs, step),
      profile.draw(plotly, skeletons.profile, runs, step),
      extra.draw(plotly, skeletons.extra[this.quantity], runs, step),
    ]);
    this.drawnAt = performance.now();
    this.cost = this.drawnAt - started;
    if (!isWhole && this.drawnAt < this.heatDueAt) return;
    await heat.draw(plotly, skeletons.heat, runs, step);
    this.heatDueAt = performance.now() + (heat.cost ?? 0) / HEAT_SHARE;
  }

  close() {
    this.source?.close();
    this.transport?.close();
    clearTimeout(this.invited);
    this.invited = null;
    this.isLoaded = false;
    for (const panel of Object.values(this.panels ?? {})) panel.close();
    this.pictures?.close();
  }
}
