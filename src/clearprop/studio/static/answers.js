// What the server says, for components: the last answer stays until the next is there.
import { useEffect, useRef, useState } from "preact/hooks";
import { ask as said, query } from "studio/source";

const RETRY = 1500;

export const sleep = (time) => new Promise((resolve) => { setTimeout(resolve, time); });

let underWay = 0, since = 0;
const idle = new Set();

// A question, counted while it is under way.
async function ask(...question) {
	if (!underWay) since = performance.now();
	underWay += 1;
	try {
		return await said(...question);
	} finally {
		underWay -= 1;
		if (!underWay) for (const go of idle) go();
	}
}

// Waits until all that is asked for from now on is there, and drawn; returns how long that took.
export async function settled() {
	const drawn = () => new Promise((go) => { requestAnimationFrame(() => setTimeout(go)); });
	const before = performance.now();
	await drawn();
	await drawn();  // as components ask once they are drawn
	const begun = Math.max(before, since);
	while (underWay) {
		await new Promise((go) => { idle.add(go); });
		idle.clear();
		await drawn();
	}
	return performance.now() - begun;
}

function useFound(pairs, wanted) {
	const [found, set] = useState({ answer: null, error: null, of: "" });
	const question = wanted ? query(pairs) : null;
	return [{ ...found, isOld: found.of !== question }, set, question];
}

export function useAnswer(name, pairs, wanted = true) {
	const [found, set, question] = useFound(pairs, wanted);
	useEffect(() => {
		if (question === null) return undefined;
		const control = new AbortController();
		let again, reached = -1;
		const next = () => ask(name, pairs, control.signal).then(
			(answer) => {
				if (control.signal.aborted) return;
				set({ answer, error: null, of: question });
				// Not yet reached: asked again until the run has come to it, or comes no further.
				const isOn = answer.ended === undefined ? answer.n > reached : !answer.ended;
				reached = answer.n;
				if (answer.n < Number(pairs.n) && isOn) next();
			},
			(error) => {
				if (control.signal.aborted) return;
				set((before) => ({ ...before, error: error.message, of: question }));
				if (error.isAway) again = setTimeout(next, RETRY);
			},
		);
		next();
		return () => {
			control.abort();
			clearTimeout(again);
		};
	}, [name, question]);
	return found;
}

// For answers that take longer than a picture of a moving run: one question at a time is under way,
// and when its answer is there, the newest is asked. calm: milliseconds for which a question has to
// stay the same; gap: milliseconds between two at least.
export function usePacedAnswer(name, pairs, { wanted = true, calm = 0, gap = 0 } = {}) {
	const [found, set, question] = useFound(pairs, wanted);
	const box = useRef({}).current;
	Object.assign(box, { name, pairs, question, calm, gap });
	useEffect(() => { follow(box, set); }, [question]);
	useEffect(() => {
		box.hasEnded = false;
		return () => { box.hasEnded = true; };
	}, []);
	return found;
}

async function follow(box, set) {
	if (box.isBusy) return;
	box.isBusy = true;
	let done = null, last = null, reached = -1;
	while (!box.hasEnded && box.question !== null && box.question !== done) {
		const { name, pairs, question, calm, gap } = box;
		if (calm) await sleep(calm);
		if (box.hasEnded || box.question !== question) continue;
		if (last !== question) reached = -1;
		last = question;
		let error = null;
		try {
			const answer = await ask(name, pairs);
			// What is further than a second of steps is asked for until the run has come to it.
			const isShort = answer.n < Number(pairs.n) && answer.n > reached;
			reached = answer.n ?? -1;
			if (!isShort) done = question;
			if (!box.hasEnded) set({ answer, error, of: isShort ? "" : question });
		} catch (caught) {
			error = caught;
			if (!error.isAway) done = question;
			if (!box.hasEnded) set((before) => ({ ...before, error: error.message, of: question }));
		}
		if (error?.isAway || gap) await sleep(error?.isAway ? RETRY : gap);
	}
	box.isBusy = false;
}
