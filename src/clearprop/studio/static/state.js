// The state of the page, all of which stands in its address: #network?data=xor&n=12&op=3
//
//   setup   what decides the numbers; the server reads the same pairs
//   view    what is looked at
import { useEffect, useReducer } from "preact/hooks";

// The fields of clearprop.studio.setup.Setup.
export const SETUP = [
  "data", "target", "columns", "rows", "noise", "share", "hidden", "activation", "output", "loss",
  "initializer", "optimizer", "rate", "momentum", "batch", "epochs", "l2", "dropout", "seed",
  "precision", "scale", "standardize", "shuffled", "gain", "bias", "illness", "frozen", "shared", "edit",
];

// n: updates made; op: operations of the step that are shown; sample: a row of the batch.
const FIRST = { screen: "network", n: 0, op: -1, sample: 0, lens: "activation", of: "", hide: "",
  zoom: 0, draw: 0, turn: 35, tilt: 35 };
const WHOLE = ["n", "op", "sample", "zoom", "draw", "turn", "tilt"];

export const state = read(location.hash);
const listeners = new Set();

function read(hash) {
  const [screen, rest] = hash.replace(/^#/, "").split(/\?(.*)/s);
  const found = { setup: {}, view: { ...FIRST, screen: screen || FIRST.screen } };
  for (const [name, value] of new URLSearchParams(rest ?? "")) {
    if (SETUP.includes(name)) found.setup[name] = value;
    else found.view[name] = WHOLE.includes(name) ? Math.trunc(Number(value)) || 0 : value;
  }
  return found;
}

export function address({ setup, view } = state) {
  const pairs = { ...setup };
  for (const [name, value] of Object.entries(view))
    if (name !== "screen" && value !== FIRST[name] && value !== "") pairs[name] = value;
  // Brackets and commas are legible as they are.
  const text = new URLSearchParams(pairs).toString().replace(/%5B/g, "[").replace(/%5D/g, "]")
    .replace(/%2C/g, ",").replace(/%3B/g, ";").replace(/%3A/g, ":");
  return `#${view.screen}${text ? `?${text}` : ""}`;
}

function changed(keep) {
  const to = address();
  if (keep) history.pushState(null, "", to);
  else history.replaceState(null, "", to);
  for (const listener of listeners) listener();
}

// Look at something else. Steps of a moving run leave no trail in the browser's history.
export function look(view, keep = false) {
  Object.assign(state.view, view);
  changed(keep);
}

// Make another run: from its beginning, unless n is given.
export function setUp(setup, view = { n: 0, op: -1, sample: 0 }) {
  Object.assign(state.setup, setup);
  for (const [name, value] of Object.entries(state.setup))
    if (value === "" || value == null) delete state.setup[name];
  Object.assign(state.view, view);
  changed(true);
}

// Set a number before the step that is looked at: "W1[0,0]", "b2[1]", "x[3,0]", "y[3]".
export function edit(name, value) {
  const own = `${state.view.n}:${name}=`;
  const others = (state.setup.edit ?? "").split(";").filter((one) => one && !one.startsWith(own));
  state.setup.edit = [...others, own + value].join(";");
  changed(false);
}

addEventListener("popstate", () => {
  Object.assign(state, read(location.hash));
  for (const listener of listeners) listener();
});

// The state, for a component that follows it.
export function useStudio() {
  const [, again] = useReducer((n) => n + 1, 0);
  useEffect(() => {
    listeners.add(again);
    return () => listeners.delete(again);
  }, []);
  return state;
}
