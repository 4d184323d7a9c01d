// Numbers as text, and colors of numbers. Blue is below zero, orange above: told apart by all eyes.

export function number(value, digits = 4) {
	if (value === null || value === undefined) return "";
	if (value === 0) return "0";
	const size = Math.abs(value);
	if (!Number.isFinite(value)) return String(value);
	if (size >= 1e5 || size < 1e-3) return value.toExponential(Math.max(digits - 2, 1)).replaceAll("-", "−");
	return String(Number(value.toPrecision(digits))).replace("-", "−");
}

export function whole(value) {
	return value.toLocaleString("en-US");
}

// "1 row", "2 rows".
export const counted = (n, word) => `${whole(n)} ${word}${n === 1 ? "" : "s"}`;

export const capital = (text) => text.charAt(0).toUpperCase() + text.slice(1);

// A sample of a batch: counted from 0, as steps, rows and neurons are, and as formulas write it.
export function sampleOf(sample, size) {
	return size > 1 ? `sample ${sample} of 0 to ${whole(size - 1)}` : `sample ${sample}`;
}

// A name that is too long: by its beginning, its end, or both, whichever tells it from the others.
export function shortened(names, i, most) {
	const room = most - 1, half = Math.floor(room / 2);
	const cuts = [(name) => `${name.slice(0, room)}…`, (name) => `…${name.slice(-room)}`,
		(name) => `${name.slice(0, room - half)}…${name.slice(-half)}`];
	const short = cuts.map((cut) => (name) => (name.length > most ? cut(name) : name));
	const isAlone = (one) => names.every((name, k) => k === i || one(name) !== one(names[i]));
	return (short.find(isAlone) ?? short[2])(names[i]);
}

const BELOW = [0, 114, 178], ABOVE = [213, 94, 0];

// The color of a number on a scale that ends at `most`: transparent at 0.
export function color(value, most) {
	const share = most > 0 ? Math.min(Math.abs(value) / most, 1) : 0;
	const [r, g, b] = value < 0 ? BELOW : ABOVE;
	return `rgba(${r},${g},${b},${(0.08 + 0.92 * share) * (share > 0)})`;
}

// What a text of the address lists, with semicolons between.
export const parts = (text) => (text ?? "").split(";").filter(Boolean);
