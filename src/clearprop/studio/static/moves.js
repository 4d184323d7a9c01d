// Moves: the place after (or before) another, by an operation, a phase, a sample, a step, an epoch.
// A place is {n, op, sample}; op -1 is the whole step. A move on and one back end where they began.

const lastOf = (about) => about.operations.length - 1;

function operationOf(place, about) {
	return place.op < 0 ? lastOf(about) : Math.min(place.op, lastOf(about));
}

export function byOperation(place, about, way) {
	const last = lastOf(about);
	if (place.op < 0 && way > 0) return { n: place.n, op: 0 };  // into the step that is looked at
	const op = operationOf(place, about) + way;
	if (op > last) return place.n + 1 < about.total ? { n: place.n + 1, op: 0 } : { n: place.n, op: last };
	if (op < 0) return place.n > 0 ? { n: place.n - 1, op: last } : { n: 0, op: 0 };
	return { n: place.n, op };
}

// The ends of phases, as after a phase all that it makes is there.
function byPhase(place, about, way) {
	const ends = about.operations.flatMap(({ phase }, op) =>
		about.operations[op + 1]?.phase === phase ? [] : [op]);
	const at = operationOf(place, about);
	const next = way > 0 ? ends.find((op) => op > at) : ends.findLast((op) => op < at);
	if (next !== undefined) return { n: place.n, op: next };
	const n = place.n + way;
	if (n < 0 || n >= about.total) return { n: place.n, op: at };
	return { n, op: way > 0 ? ends[0] : ends.at(-1) };
}

// The rows of a batch: the last of an epoch has those that are left; a run under way looks at some.
export function batchSize(n, about) {
	const isLast = n % about.steps_of_epoch === about.steps_of_epoch - 1;
	return isLast ? Math.min(about.rows - about.batch * (about.steps_of_epoch - 1), about.batch) : about.batch;
}

function bySample(place, about, way) {
	const sample = place.sample + way;
	if (sample >= 0 && sample < batchSize(place.n, about)) return { n: place.n, sample };
	const n = place.n + way;
	if (n < 0 || n >= about.total) return { n: place.n, sample: place.sample };
	return { n, sample: way > 0 ? 0 : batchSize(n, about) - 1 };
}

function toStep(n, about) {
	return { n: Math.min(Math.max(n, 0), about.total - 1), sample: 0 };
}

export function byStep(place, about, way) {
	return toStep(place.n + way, about);
}

export function byEpoch(place, about, way) {
	const size = about.steps_of_epoch;
	return toStep((way > 0 ? Math.floor(place.n / size) + 1 : Math.ceil(place.n / size) - 1) * size, about);
}

// From the largest to the smallest, with the keys that make them.
export const MOVES = [
	{ name: "epoch", by: byEpoch, keys: ["<", ">"] },
	{ name: "step", by: byStep, keys: [",", "."] },
	{ name: "sample", by: bySample, keys: ["[", "]"] },
	{ name: "phase", by: byPhase, keys: ["Shift+ArrowLeft", "Shift+ArrowRight"] },
	{ name: "operation", by: byOperation, keys: ["ArrowLeft", "ArrowRight"] },
];
