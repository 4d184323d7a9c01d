// Where numbers come from: the server, or the replay that is written into the page. Nothing is
// computed here.
import { SETUP } from "studio/setup";

const held = document.getElementById("replay");
const replay = held ? JSON.parse(held.textContent) : null;
const token = new URLSearchParams(location.search).get("token") ?? "";
const known = new Map();
const KEPT = 400;

export const isReplay = replay !== null;
export const replayTitle = isReplay ? replay.title : "";

// The step nearest to n that a replay holds, on the way from another.
export function heldStep(n, from) {
  if (!isReplay || replay.steps.includes(n)) return n;
  const later = replay.steps.find((step) => step > n) ?? replay.steps.at(-1);
  const before = replay.steps.findLast((step) => step < n) ?? 0;
  return n >= from ? later : before;
}

// The pairs of a question, in the order of the alphabet, without empty ones.
export function query(pairs) {
  const given = Object.entries(pairs).filter(([, value]) => value !== "" && value != null);
  given.sort(([a], [b]) => (a < b ? -1 : 1));
  return new URLSearchParams(given).toString();
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
    if (error.name === "AbortError") throw error;
    const away = new Error("The studio does not answer. Is it still running? It is asked again.");
    throw Object.assign(away, { isAway: true });
  }
  const answer = await response.json();
  if (!response.ok) throw new Error(answer.error ?? response.statusText);
  // A step that was not reached within its second is another the next time.
  if (pairs.n === undefined || answer.n === undefined || answer.n === Number(pairs.n)) {
    known.set(question, answer);
    if (known.size > KEPT) known.delete(known.keys().next().value);
  }
  return answer;
}

// A replay has one setup, which its questions leave out.
function fromReplay(name, pairs) {
  const own = Object.entries(pairs).filter(([key]) => !SETUP.includes(key));
  const answer = replay.answers[`${name}?${query(Object.fromEntries(own))}`];
  if (answer === undefined) throw new Error("This is not part of the replay.");
  return answer;
}

// Where the server announces steps, and where it gives a run as a file.
export function place(name, pairs) {
  return `/api/${name}?${query({ ...pairs, token })}`;
}

// What the server says to a file that is sent to it.
export async function send(name, pairs, body) {
  const response = await fetch(`/api/${name}?${query(pairs)}`, {
    method: "POST", body,
    headers: { "content-type": "application/octet-stream", "X-Clearprop-Token": token },
  });
  const answer = await response.json();
  if (!response.ok) throw new Error(answer.error ?? response.statusText);
  return answer;
}
