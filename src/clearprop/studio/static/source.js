// Where numbers come from: the server, or the replay that is written into the page. Nothing is
// computed here.
import { SETUP } from "studio/setup";

const replay = JSON.parse(document.getElementById("replay")?.textContent ?? "null");
const token = new URLSearchParams(location.search).get("token") ?? "";
const known = new Map();
const KEPT = 400;

export const isReplay = replay !== null;
export const held = replay;

// Of which kind of answers, each held at steps of its own, a question and a screen are.
const KINDS = {
	step: "step", python: "step", element: "element", decisions: "data", points: "data", verdicts: "data", pushes: "data",
	row: "row", derivation: "derivation", derivative_check: "derivation", batch_check: "derivation", hill: "hill",
	health: "health", lab: "health", diagnosis: "diagnosis", treatment: "diagnosis", network: "step", curves: "step",
};
const OF_SCREEN = { element: "network", row: "data", diagnosis: "health", step: "network" };

// The steps that a replay holds of a screen or a question, with how many samples of each.
export function heldSteps(name) {
	return replay?.held[KINDS[name] ?? "step"] ?? [];
}

// The place nearest to another that a replay holds of a screen, on the way there.
export function heldPlace(screen, to, from) {
	const steps = heldSteps(screen);
	if (!isReplay || !steps.length) return to;
	const here = steps.find(([n]) => n === to.n), sample = to.sample ?? from.sample;
	if (here && sample < here[1]) return to;
	const isOn = to.n > from.n || (to.n === from.n && sample > from.sample);
	const next = steps.find(([n]) => n > to.n), before = steps.findLast(([n]) => n < to.n);
	if (here && (to.n !== from.n || !isOn || !next)) return { ...to, sample: here[1] - 1 };
	const found = (isOn ? next ?? steps.at(-1) : before ?? steps[0]);
	return { ...to, n: found[0], sample: here ? 0 : Math.min(sample, found[1] - 1) };
}

// The pairs of a question, in the order of the alphabet, without empty ones.
export function query(pairs) {
	const given = Object.entries(pairs).filter(([, value]) => value !== "" && value != null);
	return new URLSearchParams(given.sort()).toString();
}

// What is said to a question, such as ask("step", {n: 3}). An error has the server's own words.
// A server that has ended, or a machine that slept, is asked again: the error says `isAway`.
export async function ask(name, pairs, signal) {
	if (isReplay) return fromReplay(name, pairs);
	const question = `${name}?${query(pairs)}`;
	if (known.has(question)) return known.get(question);
	let response;
	try {
		response = await fetch(`/api/${question}`, { signal, headers: { "X-Clearprop-Token": token } });
	} catch (error) {
		if (signal?.aborted) throw error;
		const away = new Error("The studio does not answer. Is it still running? It is asked again.");
		throw Object.assign(away, { isAway: true });
	}
	const answer = await read(response);
	// A step that was not reached within its second is another the next time.
	if (pairs.n === undefined || answer.n === undefined || answer.n === Number(pairs.n)) {
		known.set(question, answer);
		if (known.size > KEPT) known.delete(known.keys().next().value);
	}
	return answer;
}

async function read(response) {
	const answer = await response.json();
	if (!response.ok) throw new Error(answer.error ?? response.statusText);
	return answer;
}

// A replay has one setup, which its questions leave out.
async function fromReplay(name, pairs) {
	const own = Object.entries(pairs).filter(([key]) => !SETUP.includes(key));
	const isOther = SETUP.some((key) => pairs[key] && String(pairs[key]) !== replay.setup[key]);
	const text = isOther ? null : (await unpacked()).text(`${name}?${query(Object.fromEntries(own))}`);
	if (text === null) throw new Error(absent(name, pairs, isOther));
	const answer = JSON.parse(text);
	if (typeof answer === "string") throw new Error(answer);  // the server's own words
	return answer;
}

// Whether a sample of a step can be looked at: in a replay, not of all.
export function isHeldStep({ n, sample }) {
	return !isReplay || heldSteps("step").some(([step, samples]) => step === n && sample < samples);
}

// What is not in a replay, what is, and the line that opens it in the studio.
function absent(name, pairs, isOther) {
	const kind = KINDS[name], steps = heldSteps(name).map(([n]) => n);
	const few = steps.length > 8 ? [...steps.slice(0, 4), "…", ...steps.slice(-2)] : steps;
	const has = isOther ? "it is another run" : !steps.length ? "it was left out"
		: steps.includes(Number(pairs.n)) || pairs.n === undefined ? "of this step it has other parts"
		: `it has this at ${steps.length === 1 ? "step" : "steps"} ${few.join(", ")}`;
	const place = query({ ...replay.setup, ...pairs, sample: pairs.sample || "" });
	return `Not in this replay: ${has}. ${opened(`#${OF_SCREEN[kind] ?? kind ?? "network"}?${legible(place)}`)}`;
}

// How an address is opened in the studio.
export function opened(address) {
	return replay.line ? `To see it, run: ${replay.line} '${address}'`
		: "To see it, open the network again in Python: cp.studio.open(network, X, y)";
}

// Brackets and commas of an address are legible as they are.
export function legible(text) {
	return text.replace(/%(5B|5D|2C|3B|3A|3D)/g, decodeURIComponent);
}

// What clearprop.studio.packing has packed: forms with holes, and the values that fill them.
let unpacking = null;

function unpacked() {
	unpacking ??= unpack(document.getElementById("answers").textContent);
	return unpacking;
}

async function unpack(packed) {
	if (typeof DecompressionStream === "undefined")
		throw new Error("This browser cannot unpack the replay: one of 2023 or later can.");
	const bytes = Uint8Array.from(atob(packed), (one) => one.charCodeAt(0));
	const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
	const { forms, parts, answers } = await new Response(stream).json();
	const part = (at) => {
		const [form, ...values] = parts[at].split(" "), pieces = forms[form].split("\ue000");
		return pieces.reduce((text, piece, k) => {
			const value = values[k - 1];
			return text + (value[0] === "\ue001" ? part(value.slice(1)) : value) + piece;
		});
	};
	return { text: (question) => (Object.hasOwn(answers, question) ? part(answers[question]) : null) };
}

export function place(name, pairs) {
	return `/api/${name}?${query({ ...pairs, token })}`;
}

// What the server says to a file that is sent to it.
export async function send(name, pairs, body) {
	return read(await fetch(`/api/${name}?${query(pairs)}`, {
		method: "POST", body,
		headers: { "content-type": "application/octet-stream", "X-Clearprop-Token": token },
	}));
}
