// A run that goes on by itself: the server announces its steps, and the page follows while it stands
// at the last one. What that costs is paced: the run has the processors, the page what is left over.
import { useEffect, useState } from "preact/hooks";
import { settled, sleep } from "studio/answers";
import { isReplay, place } from "studio/source";
import { tick } from "studio/state";

const SHARE = 20, LONGEST = 10_000;

// Whether the page is seen: not in a tab behind others.
export function useSeen() {
	const [isSeen, set] = useState(!document.hidden);
	useEffect(() => {
		const follow = () => set(!document.hidden);
		document.addEventListener("visibilitychange", follow);
		return () => document.removeEventListener("visibilitychange", follow);
	}, []);
	return isSeen;
}

// Of what is announced, the newest is shown, no sooner than 20 times what it took to show the last.
async function show(box) {
	if (box.isBusy) return;
	box.isBusy = true;
	while (box.next && !box.hasEnded) {
		const { run, total, epoch } = box.next;
		box.next = null;
		tick(run, total, epoch);
		await sleep(Math.min(SHARE * await settled(), LONGEST));
	}
	box.isBusy = false;
}

// A browser has six connections to a server: of all pages that are seen, one holds that of the
// events, and tells the others.
function listen(hear, signal) {
	const address = place("events", {}), channel = new BroadcastChannel(address);
	let last = null;
	channel.onmessage = ({ data }) => {
		if (data !== "what is new?") hear(data);
		else if (last) channel.postMessage(last);
	};
	channel.postMessage("what is new?");
	signal.addEventListener("abort", () => channel.close());
	const follow = () => new Promise((release) => {
		const events = new EventSource(address);
		const tell = (news) => {
			last = { ...last, ...news };
			hear(news);
			channel.postMessage(news);
		};
		events.onmessage = ({ data }) => tell(JSON.parse(data));
		events.onopen = () => tell({ isAway: false });
		events.onerror = () => tell({ isAway: true });  // it connects anew by itself
		signal.addEventListener("abort", () => {
			events.close();
			release();
		});
	});
	// Without TLS, a notebook has no locks.
	(navigator.locks?.request(address, { signal }, follow) ?? follow())
		.catch((error) => { if (!signal.aborted) throw error; });
}

// Returns whether the program that makes the run is away.
export function useLive(setup) {
	const isLive = setup.data === "live" && !isReplay, isSeen = useSeen();
	const [isAway, setAway] = useState(false);
	useEffect(() => {
		if (!isLive || !isSeen) return undefined;
		const control = new AbortController(), box = {};
		listen((news) => {
			if (news.isAway !== undefined) setAway(news.isAway);
			if (news.run === undefined) return;
			box.next = news;
			show(box);
		}, control.signal);
		return () => {
			box.hasEnded = true;
			control.abort();
		};
	}, [isLive, isSeen]);
	return isLive && isAway;
}
