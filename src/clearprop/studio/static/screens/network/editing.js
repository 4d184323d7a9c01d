// Setting numbers: which cell of the data or which parameter an element is, and dragging it.
import { useEffect, useRef } from "preact/hooks";
import { parts } from "studio/format";
import { isReplay } from "studio/source";
import { edit as editAt, look, refuse, setUp, state } from "studio/state";

// Set a number before the step that is looked at, at which play stops.
export function edit(name, value) {
	if (state.view.play) look({ play: "" });
	editAt(name, value);
}

// A replay, and a run that somebody else makes, can be looked at alone.
export const isFixed = () => isReplay || state.setup.data === "live";

// The cell that is set for an element, {name, value, unit}, unit a small change; null: none can be.
function cellOf(of, numbers) {
	if (isFixed()) return null;
	const { step, about } = numbers, index = of.slice(of.indexOf("[") + 1, -1);
	if (/^[Wb]\d/.test(of)) {
		const [j, i] = index.split(",").map(Number);
		const layer = Number(of.slice(1, of.indexOf("["))), row = step.parameters[`${of[0]}${layer}`]?.[numbers.places[layer]?.get(j)];
		const value = of[0] === "W" ? row?.[numbers.places[layer - 1].get(i)] : row;
		return value === undefined ? null : { name: of, value, unit: step.scales.weight / 100 };
	}
	if (of.startsWith("x")) {
		const value = step.a[0][Number(index)];
		return { name: `x[${step.row},${index}]`, value, unit: Math.max(Math.abs(value), 1) / 100 };
	}
	if (of.startsWith("y"))
		return about.has_labels ? { name: `y[${step.row}]`, value: null, unit: null, label: Number(index) }
			: { name: `y[${step.row},${index}]`, value: step.y[Number(index)], unit: Math.max(Math.abs(step.y[Number(index)]), 1) / 100 };
	return null;
}

function tidy(value, unit) {
	const digits = Math.max(0, 2 - Math.floor(Math.log10(unit)));
	return Number(value.toFixed(Math.min(digits, 12)));
}

export function nudge(of, numbers, steps) {
	const cell = cellOf(of, numbers);
	if (isReplay) refuse();
	if (!cell) return;
	if (cell.label !== undefined) edit(cell.name, cell.label);
	else edit(cell.name, tidy(cell.value + steps * cell.unit, cell.unit));
}

// Dragging up and down; each number is asked for only once the one before it is shown.
export function useDrag(numbers, isOld, select) {
	const drag = useRef(null), current = useRef(numbers);
	current.current = numbers;
	const send = () => {
		const { cell, wanted, sent } = drag.current ?? {};
		if (cell && wanted !== sent) {
			drag.current.sent = wanted;
			edit(cell.name, wanted);
		}
	};
	useEffect(() => { if (!isOld) send(); }, [isOld, numbers]);
	return {
		down(event, of) {
			if (event.button !== 0) return;
			event.currentTarget.setPointerCapture?.(event.pointerId);
			const cell = cellOf(of, current.current);
			drag.current = { of, cell, y: event.clientY, moved: false, sent: cell?.value, wanted: cell?.value };
		},
		move(event) {
			const now = drag.current;
			if (!now || (now.cell ? now.cell.value === null : !isReplay)) return;
			const up = now.y - event.clientY;
			if (!now.moved && Math.abs(up) < 4) return;
			if (isReplay) {
				now.moved = true;
				return refuse();
			}
			now.moved = true;
			event.preventDefault();
			now.wanted = tidy(now.cell.value + up * now.cell.unit * (event.shiftKey ? 0.1 : 1), now.cell.unit);
			if (!isOld) send();
		},
		cancel() {
			drag.current = null;
		},
		up() {
			const now = drag.current;
			if (!now) return;
			if (now.moved) send();
			else select(now.of);
			drag.current = null;
		},
	};
}

const without = (one) => (other) => other !== one;

// What a reader has set: {text, n, name, value} each; settings that hold from a step on have `words`.
export function edits() {
	return parts(state.setup.edit).map((text) => {
		const [n, rest] = text.split(/:(.*)/s), [, name, words] = rest.match(/^(rate|momentum|l2|dropout|frozen|shared)=(.*)/) ?? [];
		if (name) return { text, n: Number(n), name, words };
		const at = rest.lastIndexOf("=");
		return { text, n: Number(n), name: rest.slice(0, at), value: Number(rest.slice(at + 1)) };
	});
}

const setEdits = (texts, more) => setUp({ edit: texts.join(";"), ...more }, {});
const texts = () => edits().map(({ text }) => text);

export const removeEdit = (text) => setEdits(texts().filter(without(text)));

// What holds at the step that is looked at: from the start, of which the run is made anew, or from a step on.
const held = (name) => [...parts(state.setup[name]),
	...edits().filter((one) => one.name === name && one.words && one.n <= state.view.n).map(({ words }) => words)];

export const fromStart = () => ({ frozen: parts(state.setup.frozen), shared: groupsOf(state.setup.shared) });
export const frozen = () => held("frozen");
export const shared = () => held("shared").map((group) => group.split("="));

export function freeze(name, isFromHere) {
	if (isFromHere) setEdits([...texts(), `${state.view.n}:frozen=${name}`]);
	else setUp({ frozen: [...parts(state.setup.frozen), name].join(";") }, {});
}

export function thaw(name) {
	setEdits(texts().filter((text) => !text.endsWith(`:frozen=${name}`)), { frozen: parts(state.setup.frozen).filter(without(name)).join(";") });
}

const groupsOf = (text) => parts(text).map((group) => group.split("="));
const written = (groups) => groups.filter((group) => group.length > 1).map((group) => group.join("=")).join(";");

export function share(name, other, isFromHere) {
	if (isFromHere) return setEdits([...texts(), `${state.view.n}:shared=${name}=${other}`]);
	const touches = (group) => group.includes(name) || group.includes(other), groups = groupsOf(state.setup.shared);
	const joined = [...new Set([name, other, ...groups.filter(touches).flat()])];
	return setUp({ shared: written([...groups.filter((group) => !touches(group)), joined]) }, {});
}

export function part(names) {
	const left = (group) => group.filter((one) => !names.includes(one));
	const turned = edits().filter(({ name, words }) => name !== "shared" || left(words.split("=")).length === words.split("=").length);
	setEdits(turned.map(({ text }) => text), { shared: written(groupsOf(state.setup.shared).map(left)) });
}
