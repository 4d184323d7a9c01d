// Where the run is looked at, and how one goes on: an operation, a phase, a sample, a step, an
// epoch, forwards and backwards; and playing.
import { useEffect, useRef, useState } from "preact/hooks";
import { html } from "studio/html";
import { look, state, useStudio } from "studio/state";
import { whole } from "studio/format";

const SPEEDS = [
  ["operations", "an operation at a time", 700],
  ["slow", "a step at a time", 400],
  ["fast", "steps", 0],
  ["faster", "epochs", 0],
];

// The place after (or before) another, by one operation.
export function byOperation(place, about, way) {
  const last = about.operations.length - 1;
  let { n, op } = place;
  if (op < 0) op = last; // -1: all of the step
  op += way;
  if (op > last) [n, op] = [n + 1, 0];
  if (op < 0) [n, op] = [n - 1, last];
  if (n < 0) return { n: 0, op: 0 };
  return n >= about.total ? { n: about.total - 1, op: last } : { n, op };
}

export function byPhase(place, about, way) {
  const phase = ({ op }) => about.operations[op < 0 ? about.operations.length - 1 : op].phase;
  let next = byOperation(place, about, way);
  const wanted = phase(next);
  for (;;) {
    const after = byOperation(next, about, way);
    if (phase(after) !== wanted || after.n !== next.n || after.op === next.op) return next;
    next = after;
  }
}

export function bySample(place, about, way) {
  const size = about.batch, sample = (place.sample ?? 0) + way;
  if (sample < 0) return place.n > 0 ? { n: place.n - 1, sample: size - 1 } : { sample: 0 };
  return sample >= size ? { n: Math.min(place.n + 1, about.total - 1), sample: 0 } : { sample };
}

export function byStep(place, about, way) {
  return { n: Math.min(Math.max(place.n + way, 0), about.total - 1), sample: 0 };
}

export function byEpoch(place, about, way) {
  const size = about.steps_of_epoch;
  const at = way > 0 ? (Math.floor(place.n / size) + 1) * size : (Math.ceil(place.n / size) - 1) * size;
  return { n: Math.min(Math.max(at, 0), about.total - 1), sample: 0 };
}

const MOVES = [
  ["epoch", byEpoch], ["step", byStep], ["sample", bySample], ["phase", byPhase],
  ["operation", byOperation],
];

export function Timeline({ about, step }) {
  const { view } = useStudio();
  const [isPlaying, play] = useState(view.play === "1");
  const speed = view.speed ?? "fast";
  const shown = useRef(step);
  shown.current = step;

  useEffect(() => {
    if (!isPlaying || !about) return undefined;
    let frame, timer, ended = false;
    const next = () => {
      if (ended) return;
      const place = state.view, seen = shown.current;
      const isThere = seen && (seen.n === place.n || seen.n < place.n);
      if (isThere) {
        const way = speed === "operations" ? byOperation(place, about, 1)
          : speed === "slow" ? byStep(place, about, 1)
          : speed === "fast" ? { ...byStep(place, about, Math.max(1, Math.ceil(about.steps_of_epoch / 8))), op: -1 }
          : { ...byEpoch(place, about, 1), op: -1 };
        if (way.n === place.n && (way.op === undefined || way.op === place.op)) return play(false);
        look(way);
      }
      const wait = SPEEDS.find(([name]) => name === speed)[2];
      if (wait) timer = setTimeout(next, wait);
      else frame = requestAnimationFrame(() => { timer = setTimeout(next, 30); });
    };
    next();
    return () => {
      ended = true;
      clearTimeout(timer);
      cancelAnimationFrame(frame);
    };
  }, [isPlaying, speed, about]);

  if (!about) return null;
  const move = (by, way) => {
    play(false);
    look(by(state.view, about, way));
  };
  const operation = view.op < 0 ? null : about.operations[view.op];
  const epoch = Math.floor(view.n / about.steps_of_epoch) + 1;
  const inEpoch = (view.n % about.steps_of_epoch) + 1;
  return html`<div class="timeline" role="group" aria-label="Time">
    <button class="play" aria-pressed=${isPlaying} onClick=${() => play(!isPlaying)}>
      ${isPlaying ? "Pause" : "Play"}</button>
    <select aria-label="Speed" value=${speed} onChange=${(e) => look({ speed: e.target.value })}>
      ${SPEEDS.map(([name, words]) => html`<option value=${name}>${words}</option>`)}
    </select>
    ${MOVES.map(([name, by]) => html`<span class="move" key=${name}>
      <button aria-label=${`One ${name} back`} onClick=${() => move(by, -1)}>◂</button>
      <span>${name}</span>
      <button aria-label=${`One ${name} on`} onClick=${() => move(by, 1)}>▸</button>
    </span>`)}
    <input type="range" aria-label="Step" min="0" max=${Math.max(step?.reached ?? 1, view.n + 1) - 1}
      value=${view.n} onInput=${(e) => { play(false); look({ n: Number(e.target.value) }); }} />
    <output class="place">epoch ${whole(epoch)}, batch ${whole(inEpoch)} of ${whole(about.steps_of_epoch)},
      sample ${view.sample + 1} of ${whole(about.batch)}${operation
        ? html`, <b>${operation.phase}</b>: <code>${operation.formula}</code>`
        : ", the whole step"}</output>
  </div>`;
}
