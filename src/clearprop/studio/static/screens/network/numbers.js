// Which number of an element is shown: by the lens, and by the operation that is come to. What has
// not been computed yet is null.
import { sampleOf } from "studio/format";

export const LENSES = [
	{ name: "activation", words: "Activation" }, { name: "delta", words: "Delta" },
	{ name: "weight", words: "Weight" }, { name: "gradient", words: "Gradient" },
	{ name: "update", words: "Update" },
];

// The lens that an operation is seen best by.
export function lensOf(lens, about, op) {
	if (lens !== "follow") return lens;
	const operation = about.operations[op];
	if (!operation || operation.phase === "forward" || operation.phase === "loss") return "activation";
	if (operation.phase === "update") return "update";
	return operation.makes[0].startsWith("dW") ? "gradient" : "delta";
}

// The arrays that are made; those of the update as "after W1".
function madeUpTo(about, op) {
	const found = new Set();
	about.operations.forEach((one, at) => {
		if (op >= 0 && at > op) return;
		for (const name of one.makes) found.add(one.phase === "update" ? `after ${name}` : name);
	});
	if (found.has("delta1")) found.add("da0");
	return found;
}

// A view of the numbers of a step by name.
export class Numbers {
	constructor(about, step, op, lens) {
		Object.assign(this, { about, step, op, lens });
		this.last = step.sizes.length - 1;
		this.made = madeUpTo(about, op);
		this.now = new Set(about.operations[op]?.makes ?? []);
		this.places = step.shown.map((shown) => new Map(shown.map((i, place) => [i, place])));
	}

	// z, a, delta or da of a neuron; null before it is made.
	of(symbol, layer, i) {
		const name = `${symbol}${layer}`;
		if (name !== "a0" && !this.made.has(name)) return null;
		const { step } = this;
		const array = symbol === "a" || symbol === "da" ? step[symbol][layer] : step[symbol][layer - 1];
		return array?.[i] ?? null;
	}

	// Whether a parameter is shown as it is after the update: only while the update is looked at.
	isAfter(array) {
		return this.op >= 0 && this.made.has(`after ${array}`);
	}

	// A weight W[j,i] or bias b[j]: "value", "gradient" or "update" of it.
	parameter(what, array, j, i) {
		if (what === "gradient" && !this.made.has(`d${array}`)) return null;
		if (what === "update" && !this.made.has(`after ${array}`)) return null;
		return this.parameterAs(what === "value" ? (this.isAfter(array) ? "after" : "parameters") : what, array, j, i);
	}

	// As it stands in the answer: of "parameters", "gradient", "update" or "after".
	parameterAs(from, array, j, i) {
		const layer = Number(array.slice(1)), row = this.step[from][array]?.[this.places[layer].get(j)];
		if (row === undefined) return null;
		return (i === undefined ? row : row[this.places[layer - 1].get(i)]) ?? null;
	}

	get what() {
		return this.lens === "gradient" || this.lens === "update" ? this.lens : "value";
	}

	get isOfParameters() {
		return this.lens !== "activation" && this.lens !== "delta";
	}

	// Of a neuron: {name, of, value, minor: {name, value}}; `of` is what is selected by it.
	neuron(layer, i) {
		const at = `[${i}]`, input = layer === 0;
		const of = input ? `x${at}` : `a${layer}${at}`;
		if (this.isOfParameters) {
			if (input || !this.about.has_biases) return { name: of, of, value: undefined };
			const name = { value: "b", gradient: "db", update: "Δb" }[this.what] + layer + at;
			return { name, of: `b${layer}${at}`, value: this.parameter(this.what, `b${layer}`, i) };
		}
		if (this.lens === "activation")
			return input ? { name: of, of, value: this.of("a", 0, i) }
				: { name: of, of, value: this.of("a", layer, i), minor: { name: "z", value: this.of("z", layer, i) } };
		return input ? { name: `dx${at}`, of, value: this.of("da", 0, i) }
			: { name: `δ${layer}${at}`, of, value: this.of("delta", layer, i),
				minor: layer < this.last ? { name: "da", value: this.of("da", layer, i) } : undefined };
	}

	// Which phase and step a parameter, or a neuron, is of as it is shown.
	whenOf(array) {
		const { n } = this.step;
		if (this.what !== "value") return `${this.what === "gradient" ? "backward" : "update"}, step ${n}`;
		return `${this.isAfter(array) ? "after" : "before"} the update of step ${n}`;
	}

	whenOfNeuron(layer) {
		if (this.isOfParameters) return this.whenOf(`b${layer}`);
		return `${this.lens === "activation" ? "forward" : "backward"}, step ${this.step.n}`;
	}

	// Whole layers, for strips: an array of numbers, or null.
	strip(layer, incoming) {
		if (!this.isOfParameters) {
			const symbol = this.lens === "activation" ? "a" : layer === 0 ? "da" : "delta", name = `${symbol}${layer}`;
			if (name !== "a0" && !this.made.has(name)) return null;
			return { name, values: this.step[symbol][symbol === "delta" ? layer - 1 : layer] };
		}
		const array = incoming?.layer === layer + 1 ? `W${layer + 1}` : `b${layer}`;
		if (this.what === "gradient" && !this.made.has(`d${array}`)) return null;
		if (this.what === "update" && !this.made.has(`after ${array}`)) return null;
		const prefix = { value: "", gradient: "d", update: "Δ" }[this.what], isAfter = this.isAfter(array);
		if (array[0] === "W")
			return { name: `${prefix}${array}[${incoming.neuron},·]`,
				values: incoming[this.what !== "value" ? this.what : isAfter ? "after" : "weight"] };
		const values = this.step.biases[this.what !== "value" ? this.what : isAfter ? "after" : "parameters"][array];
		return values ? { name: `${prefix}${array}`, values } : null;
	}

	mask(layer, i) {
		return layer > 0 && layer < this.last && this.made.has(`a${layer}`) ? this.step.masks[layer - 1]?.[i] : undefined;
	}

	get caption() {
		const { step, lens, about } = this, rows = step.batch.length;
		const row = `row ${step.row} (${sampleOf(step.sample, rows)})`;
		const layers = step.sizes.slice(1).map((_, l) => l + 1).filter((l) => this.isAfter(`W${l}`));
		const params = layers.length === 0 ? `before the update of step ${step.n}`
			: layers.length === this.last ? `after the update of step ${step.n}`
				: `of layer ${layers.join(", ")} after the update of step ${step.n}, of the others before it`;
		const of = about.has_biases ? "W and b" : "W";
		return {
			activation: `Forward, step ${step.n}: z and a of ${row}. ${of} ${params}.`,
			delta: `Backward, step ${step.n}: da and delta of ${row}. ${of} ${params}.`,
			weight: `${of} ${params}.`,
			gradient: `Backward, step ${step.n}: gradients of L, ${rows > 1 ? `the mean over the batch's ${rows} rows` : "of this row"}.`,
			update: `Update, step ${step.n}: what ${of} change by.`,
		}[lens];
	}
}
