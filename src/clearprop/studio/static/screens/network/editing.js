// Setting numbers: which cell of the data or which parameter an element is, and dragging it.
import { useEffect, useRef } from "preact/hooks";
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
export function cellOf(of, numbers) {
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

// Set a number by steps of its unit.
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

// What a reader has set: {text, n, name, value} each.
export function edits() {
	return (state.setup.edit ?? "").split(";").filter(Boolean).map((text) => {
		const [n, rest] = text.split(/:(.*)/s), at = rest.lastIndexOf("=");
		return { text, n: Number(n), name: rest.slice(0, at), value: Number(rest.slice(at + 1)) };
	});
}

export function removeEdit(text) {
	const left = edits().map((one) => one.text).filter((one) => one !== text);
	setUp({ edit: left.join(";") }, {});
}

const split = (text) => (text ?? "").split(";").filter(Boolean);

// Frozen and shared hold for the whole run, which is made anew.
export function frozen() {
	return split(state.setup.frozen);
}

export function shared() {
	return split(state.setup.shared).map((group) => group.split("="));
}

export function freeze(name) {
	setUp({ frozen: [...frozen(), name].join(";") }, {});
}

export function thaw(name) {
	setUp({ frozen: frozen().filter((one) => one !== name).join(";") }, {});
}

function setGroups(groups) {
	setUp({ shared: groups.filter((group) => group.length > 1).map((group) => group.join("=")).join(";") }, {});
}

export function share(name, other) {
	const touches = (group) => group.includes(name) || group.includes(other), groups = shared();
	const joined = [...new Set([name, other, ...groups.filter(touches).flat()])];
	setGroups([...groups.filter((group) => !touches(group)), joined]);
}

export function part(names) {
	setGroups(shared().map((group) => group.filter((one) => !names.includes(one))));
}
