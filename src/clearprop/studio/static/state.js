// The state of the page, all of which stands in its address: #network?data=xor&n=12&op=3
//
//   setup   what decides the numbers; the server reads the same pairs
//   view    what is looked at
import { useEffect, useReducer } from "preact/hooks";
import { SETUP } from "studio/setup";
import { held, heldPlace, isReplay, legible } from "studio/source";

// n: updates made; op: operations of the step that are shown; sample: a row of the batch; lens
// "follow": that of the operation; also: neurons of wide layers, "1:0,39"; table: numbers as such.
const FIRST = {
	screen: "network", n: 0, op: -1, sample: 0, lens: "follow", of: "", hide: "", play: "", speed: "fast",
	also: "", table: "", size: "normal",
	zoom: 0, draw: 0, turn: 35, tilt: 35, guess: "", remedy: "", vs: "",
};
const WHOLE = ["n", "op", "sample", "zoom", "draw", "turn", "tilt"];

// How far a run that goes on by itself has come: in questions, and beside the address, so that a
// page that is loaded anew knows whether it stood at the last step.
let t = history.state;

export const state = read(location.hash);
const listeners = new Set();
const tell = () => { for (const listener of listeners) listener(); };

function read(hash) {
	const [screen, rest] = hash.replace(/^#/, "").split(/\?(.*)/s);
	const found = { setup: {}, view: { ...FIRST, screen: screen || FIRST.screen } };
	for (const [name, value] of new URLSearchParams(rest ?? "")) {
		if (SETUP.includes(name)) found.setup[name] = value;
		else found.view[name] = WHOLE.includes(name) ? Math.trunc(Number(value)) || 0 : value;
	}
	found.setup = { ...held?.setup, ...found.setup };  // a replay has one
	if (t && found.setup.data === "live") found.setup.t = t;
	// Who comes for the first time sees a network that learns, unless they want nothing to move.
	if (!hash && !matchMedia("(prefers-reduced-motion: reduce)").matches) found.view.play = "1";
	return found;
}

export function address({ setup, view } = state) {
	const pairs = { ...setup };
	delete pairs.t;
	for (const [name, value] of Object.entries(view))
		if (name !== "screen" && value !== FIRST[name] && value !== "") pairs[name] = value;
	const text = legible(new URLSearchParams(pairs).toString());
	return `#${view.screen}${text ? `?${text}` : ""}`;
}

// Browsers take some 20 changes of the address a second: of more, the last is written.
const WRITE_EVERY = 100;
let writing = null;

// In the frame of a notebook, a page has no address of its own: it goes on without one.
function note(how) {
	clearTimeout(writing);
	writing = null;
	try {
		history[how](t, "", address());
	} catch (error) {
		if (error.name !== "SecurityError") throw error;
	}
}

const write = () => note("replaceState");

function changed(keep) {
	if (keep) note("pushState");
	else writing ??= setTimeout(write, WRITE_EVERY);
	tell();
}

addEventListener("pagehide", () => writing && write());

// Look at something else. Steps of a moving run leave no trail in the browser's history.
export function look(view, keep = false) {
	if (view.n !== undefined) view = heldPlace(view.screen ?? state.view.screen, view, state.view);
	state.refused = false;
	Object.assign(state.view, view);
	changed(keep);
}

// A replay can be looked at alone: the page says so.
export function refuse() {
	state.refused = true;
	tell();
}

// Make another run: from its beginning, unless n is given. A moving slider leaves no trail.
export function setUp(setup, view = { n: 0, op: -1, sample: 0 }, keep = true) {
	if (isReplay) return refuse();
	Object.assign(state.setup, setup);
	for (const [name, value] of Object.entries(state.setup)) if (value === "" || value == null) delete state.setup[name];
	Object.assign(state.view, view);
	changed(keep);
}

// Set a number before the step that is looked at: "W1[0,0]", "b2[1]", "x[3,0]", "y[3]".
export function edit(name, value) {
	if (isReplay) return refuse();
	const own = `${state.view.n}:${name}=`;
	const others = (state.setup.edit ?? "").split(";").filter((one) => one && !one.startsWith(own));
	state.setup.edit = [...others, own + value].join(";");
	changed(false);
}

// The setup, for what stays as it is while a run goes on.
export function lasting(setup) {
	return setup.t ? { ...setup, t: setup.t.split(".")[0] } : setup;
}

export function tick(run, total, epoch) {
	const [runBefore, before] = (state.setup.t ?? "0.1").split(".").map(Number);
	const follows = run !== runBefore || state.view.n >= before - 1;
	state.setup.t = t = `${run}.${total}.${epoch}`;
	if (follows) state.view.n = total - 1;
	changed(false);
}

addEventListener("popstate", () => {
	Object.assign(state, read(location.hash));
	tell();
});

export function useStudio() {
	const [, again] = useReducer((n) => n + 1, 0);
	useEffect(() => {
		listeners.add(again);
		return () => listeners.delete(again);
	}, []);
	return state;
}
