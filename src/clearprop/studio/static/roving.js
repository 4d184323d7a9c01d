// A group of buttons that is one stop for Tab: arrow keys go from one to the next.
import { h } from "preact";
import { useLayoutEffect, useRef } from "preact/hooks";

// After a click in the head or the timeline, arrow keys move the run; after Tab, within the group.
let isByTab = false;
addEventListener("keydown", ({ key }) => { if (key === "Tab") isByTab = true; }, true);
addEventListener("pointerdown", () => { isByTab = false; }, true);

const buttons = (box) => [...box.querySelectorAll("button:not(:disabled), a[href]")];

function makeStop(box, wanted) {
	const all = buttons(box);
	const isChosen = (one) => one.matches("[aria-current], [aria-pressed=true]");
	const stop = all.find((one) => one === wanted) ?? all.find(isChosen) ?? all[0];
	for (const one of all) one.tabIndex = one === stop ? 0 : -1;
}

function onKeyDown(event) {
	const { key, target, currentTarget: box } = event, all = buttons(box), at = all.indexOf(target);
	if (at < 0 || event.shiftKey || event.ctrlKey || event.altKey || event.metaKey) return;
	if (!isByTab && box.closest("header, .timeline")) return;
	const to = { ArrowRight: at + 1, ArrowDown: at + 1, ArrowLeft: at - 1, ArrowUp: at - 1, Home: 0, End: all.length - 1 }[key];
	if (to === undefined) return;
	event.preventDefault();
	all[Math.min(Math.max(to, 0), all.length - 1)].focus();
}

export function Roving({ tag = "div", children, ...given }) {
	const box = useRef(null);
	useLayoutEffect(() => makeStop(box.current, document.activeElement));
	return h(tag, { role: "toolbar", ...given, ref: box, onKeyDown, onFocusIn: ({ target }) => makeStop(box.current, target) }, children);
}
