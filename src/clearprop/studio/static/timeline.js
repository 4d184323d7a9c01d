// Where the run is looked at, and how one goes on: an operation, a phase, a sample, a step, an
// epoch, forwards and backwards; and playing.
import { useEffect, useRef, useState } from "preact/hooks";
import { number, sampleOf, whole } from "studio/format";
import { html } from "studio/html";
import { batchSize, byEpoch, byOperation, byStep, MOVES } from "studio/moves";
import { useSeen } from "studio/live";
import { Roving } from "studio/roving";
import { look, state, useStudio } from "studio/state";

// How play goes on, and after how many milliseconds; what is asked for is always waited for.
const SPEEDS = [
	{ name: "operations-slow", words: "operations, slow", by: byOperation, wait: 2000 },
	{ name: "operations", words: "operations, fast", by: byOperation, wait: 800 },
	{ name: "slow", words: "steps, slow", by: byStep, wait: 600 },
	{ name: "fast", words: "steps, fast", by: byStep, wait: 25 },
	{ name: "epochs-slow", words: "epochs, slow", by: byEpoch, wait: 600 },
	{ name: "faster", words: "epochs, fast", by: byEpoch, wait: 25 },
];

const KEYS = [
	["Space", "play, pause"], ["← →", "one operation"], ["Shift ← →", "one phase"], ["[ ]", "one sample"],
	[", .", "one step"], ["< >", "one epoch"], ["Home, End", "first step, last that is reached"],
	["?", "these keys"], ["Tab, then arrows", "within a group of buttons"],
	["in the drawing: arrows", "from neuron to edge to neuron"],
	["Enter", "select"], ["+ − (Shift: finer)", "change what is focused"],
];

// What an operation makes, short: "z1", "δ2", "dW1".
function shortly(operation) {
	return operation.makes[0].replace("delta", "δ");
}

// Goes on, once what is looked at is there.
function usePlay(about, step, isOld) {
	const { view } = useStudio();
	const isSeen = useSeen(), isPlaying = view.play === "1" && isSeen;
	const isThere = step && !isOld && (step.n === view.n || step.ended);
	const speed = SPEEDS.find(({ name }) => name === view.speed) ?? SPEEDS[3];
	useEffect(() => {
		if (!isPlaying || !about || !isThere) return undefined;
		const timer = setTimeout(() => {
			const next = speed.by(state.view, about, 1), { n, op, sample } = state.view;
			if (next.n <= step.n || !step.ended) look(speed.by === byOperation ? next : { ...next, op: -1 });
			if (n === state.view.n && op === state.view.op && sample === state.view.sample) look({ play: "" });
		}, speed.wait);
		return () => clearTimeout(timer);
	}, [isPlaying, about, isThere, step, speed, view.n, view.op, view.sample]);
}

function move(by, way, about) {
	look({ ...by(state.view, about, way), play: "" });
}

const BUSY = "input, select, textarea, summary, dialog, [role=slider], [contenteditable]";

function useKeys(about, last, showKeys) {
	useEffect(() => {
		if (!about) return undefined;
		const onKey = (event) => {
			const { key, target } = event;
			if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return;
			if (target.closest?.(BUSY) || state.view.hide.split(",").includes("timeline")) return;
			const isArrow = key.startsWith("Arrow");
			if (isArrow && target !== document.body && !target.closest(".timeline, header")) return;
			const pressed = isArrow && event.shiftKey ? `Shift+${key}` : key;
			const found = MOVES.find(({ keys }) => keys.includes(pressed));
			if (found) move(found.by, found.keys.indexOf(pressed) ? 1 : -1, about);
			else if (key === " " && !target.closest("button, a, [role=button]"))
				look({ play: state.view.play === "1" ? "" : "1" });
			else if (key === "Home") look({ n: 0, sample: 0, play: "" });
			else if (key === "End") look({ n: Math.max(last, 0), sample: 0, play: "" });
			else if (key === "?") showKeys((shown) => !shown);
			else if (key === "Escape") showKeys(false);
			else return;
			event.preventDefault();
		};
		addEventListener("keydown", onKey);
		return () => removeEventListener("keydown", onKey);
	}, [about, last]);
}

export function Timeline({ about, step, isOld }) {
	const { view } = useStudio();
	const [keysAreShown, showKeys] = useState(false);
	usePlay(about, step, isOld);
	const reached = useReached(about, isOld ? null : step);  // not what another run had reached
	useKeys(about, reached, showKeys);
	useEffect(() => {  // beyond the end, the end is looked at
		if (step?.ended && !isOld && view.n > step.n) look({ n: step.n });
	}, [step, isOld, view.n]);
	if (!about) return null;
	const isPlaying = view.play === "1";
	return html`<section class="timeline" aria-label="Time">
		<div class="row">
			<button class="play" aria-pressed=${isPlaying} onClick=${() => look({ play: isPlaying ? "" : "1" })}>
				<span aria-hidden="true">${isPlaying ? "❚❚ " : "▶ "}</span>${isPlaying ? "Pause" : "Play"}</button>
			<select aria-label="Speed" value=${view.speed} onChange=${(e) => look({ speed: e.target.value })}>
				${SPEEDS.map(({ name, words }) => html`<option key=${name} value=${name}>${words}</option>`)}
			</select>
			<${Roving} class="moves" aria-label="Go on, and back">${MOVES.map(({ name, by, keys }) => html`<span class="move" key=${name}>
				<button aria-label=${`One ${name} back`} title=${`One ${name} back: ${keys[0]}`}
					onClick=${() => move(by, -1, about)}>◂</button>
				<span aria-hidden="true">${name}</span>
				<button aria-label=${`One ${name} on`} title=${`One ${name} on: ${keys[1]}`}
					onClick=${() => move(by, 1, about)}>▸</button>
			</span>`)}<//>
			<span class="keys">
				<button aria-expanded=${keysAreShown} aria-label="Keys" onClick=${() => showKeys(!keysAreShown)}>?</button>
				${keysAreShown && html`<div class="key-list"><dl>${KEYS.map(([key, words]) => html`
					<div key=${key}><dt><kbd>${key}</kbd></dt><dd>${words}</dd></div>`)}</dl>
					<p>Steps, samples, rows and neurons count from 0, as in formulas; epochs and batches from 1.</p></div>`}
			</span>
		</div>
		<${Place} about=${about} step=${step} view=${view} isOld=${isOld} reached=${reached} />
		<${Operations} about=${about} view=${view} />
	</section>`;
}

// The last step that the run has come to; a step seen again says what it was then.
function useReached(about, step) {
	const most = useRef({ about, n: 0 });
	if (most.current.about !== about) most.current = { about, n: 0 };
	most.current.n = Math.max(most.current.n, (step?.reached ?? 1) - 1);
	return most.current.n;
}

// The step, and in words where that is.
function Place({ about, step, view, isOld, reached }) {
	const last = Math.max(reached, view.n);
	const operation = about.operations[view.op];
	const size = batchSize(view.n, about);
	// The classroom asks for the loss: it is not told beforehand.
	const hasLoss = view.screen !== "classroom"
		&& (view.op < 0 || about.operations.slice(0, view.op + 1).some(({ phase }) => phase === "loss"));
	const isBehind = step && !isOld && step.n < view.n && !step.ended;
	return html`<div class="row">
			<input type="range" aria-label="Step" aria-valuetext=${`step ${view.n} of ${last}`} min="0"
				max=${last} value=${view.n} onInput=${(e) => look({ n: Number(e.target.value), sample: 0, play: "" })} />
			<output class="reached">${isBehind ? html`computing … step ${whole(step.n)} of ${whole(view.n)}`
				: `step ${whole(view.n)} of ${whole(last)} reached`}</output>
		</div>
		<p class="place" aria-live=${view.play === "1" ? "off" : "polite"}>
			epoch ${whole(step && step.n === view.n ? step.epoch : Math.floor(view.n / about.steps_of_epoch) + 1)},
			${" "}batch ${whole((view.n % about.steps_of_epoch) + 1)} of ${whole(about.steps_of_epoch)},
			${" "}${sampleOf(Math.min(view.sample, size - 1), size)}
			${step && step.n === view.n && html` (row ${whole(step.row)})`}:
			${" "}${operation ? html`<b>${operation.phase}</b>, ${operation.words}: <code>${operation.formula}</code>`
				: html`<b>the whole step</b>`}
			${step && step.n === view.n && hasLoss && html`<span class="cost"> L = ${number(step.cost, 5)}</span>`}</p>`;
}

// The operations of a step by phase; those that are done are filled.
function Operations({ about, view }) {
	const strip = useRef(null);
	const phases = [];
	about.operations.forEach((operation, op) => {
		if (phases.at(-1)?.phase !== operation.phase) phases.push({ phase: operation.phase, ops: [] });
		phases.at(-1).ops.push({ ...operation, op });
	});
	useEffect(() => {
		const now = strip.current?.querySelector("[aria-current]");
		if (!now) return;
		if (strip.current.contains(document.activeElement)) now.focus({ preventScroll: true });
		strip.current.scrollLeft = now.offsetLeft - strip.current.clientWidth / 2;
	}, [view.op]);
	// One of them is a stop for Tab: from there arrow keys go by operations.
	const at = about.operations[view.op] ? view.op : -1;
	const stop = (op) => ({
		tabindex: op === at ? 0 : -1, "aria-current": op === at ? "step" : undefined, onClick: () => look({ op, play: "" }),
	});
	return html`<div class="operations wide" ref=${strip}>
		<div class="phase"><span>step</span>
			<button ...${stop(-1)}>whole</button></div>
		${phases.map(({ phase, ops }) => html`<div class=${`phase ${phase}`} key=${phase} role="group" aria-label=${phase}>
			<span aria-hidden="true">${phase}</span>
			<div>${ops.map(({ op, words, formula, ...operation }) => html`<button key=${op}
				class=${view.op < 0 || op <= view.op ? "made" : "not-yet"} aria-label=${`${words}: ${formula}`}
				title=${`${words}: ${formula}`} ...${stop(op)}>${shortly(operation)}</button>`)}</div></div>`)}
	</div>`;
}
