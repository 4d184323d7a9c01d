// The formulas of a derivation, in sections that fold. A term that is pointed at, by the mouse or
// by the keyboard, lights what it is of; a symbol leads to its own derivation.
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { html } from "studio/html";

const LONG = 60; // equations from which on the forward pass is folded at first

export function Formulas({ answer, hot, heat, go }) {
	const root = useRef(null);
	const [folds, fold] = useState({});
	const isOpen = (title, i) => folds[title] ?? !(answer.equations > LONG && i === 0 && answer.parts.length > 1);

	// The marks are set in the page as it stands: formulas are many, and stay as they are.
	useEffect(() => {
		for (const one of root.current.querySelectorAll(".hot")) one.classList.remove("hot");
		for (const thing of hot.split(" ").filter(Boolean))
			for (const one of root.current.querySelectorAll(`[data-of~="${thing}"]`)) one.classList.add("hot");
	}, [hot, answer]);
	useEffect(() => {
		terms(root.current)[0]?.setAttribute("tabindex", "0");
	}, [answer]);
	useEffect(() => {
		const open = () => {
			for (const one of root.current.querySelectorAll("details")) one.open = true;
		};
		addEventListener("beforeprint", open);
		return () => removeEventListener("beforeprint", open);
	}, []);

	const sections = useMemo(() => answer.parts.map((part, i) => html`
		<details key=${part.title} open=${isOpen(part.title, i)}
			onToggle=${(e) => fold((now) => ({ ...now, [part.title]: e.target.open }))}>
			<summary><h3 ...${raw(part.title)} /><span class="faint">${counted(part)}</span></summary>
			<${Part} part=${part} />
		</details>`), [answer, folds]);
	const point = (event) => heat(event.target.closest?.("[data-of]")?.getAttribute("data-of") ?? "");
	return html`<h2 ...${raw(answer.title)} />
		${answer.words.map((words) => html`<p key=${words} ...${raw(words)} />`)}
		${answer.legend.length > 0 && html`<p class="faint">${answer.legend.map(([name, feature], k) => html`${k ? "; " : ""}<code>${name}</code>: ${feature}`)}</p>`}
		<div class="formulas" ref=${root} role="group"
			aria-label="Formulas. Arrow keys go from term to term, Enter to a term's own derivation."
			onMouseOver=${point} onMouseLeave=${() => heat("")}
			onFocusIn=${(e) => { if (e.target.hasAttribute("data-to")) { roam(root.current, e.target); point(e); } }}
			onClick=${(e) => follow(e.target, go)} onKeyDown=${(e) => move(e, root.current, go)}>${sections}</div>`;
}

function Part({ part }) {
	return html`${part.definitions.map((one) => html`<p class="definition" key=${one} ...${raw(one)} />`)}
		${part.words.map((words) => html`<p key=${words} ...${raw(words)} />`)}
		${part.equations.length > 0 && html`<div class="equations">${part.equations.map((equation) => html`
			<div class="equation" key=${equation.name} data-value=${equation.value}>
				<code>${equation.name}</code>
				<div class="left" ...${raw(equation.left)} />
				<div class="right">${equation.lines.map((line, i) => html`
					<div key=${i} class=${line.largest ? "line largest" : "line"} ...${raw(line.html)} />`)}</div>
			</div>`)}</div>`}
		${part.parts.map((one) => html`<section key=${one.title}><h4 ...${raw(one.title)} /><${Part} part=${one} /></section>`)}`;
}

// What the server wrote, all names in it escaped.
const raw = (text) => ({ dangerouslySetInnerHTML: { __html: text } });

function counted(part) {
	const all = (one) => one.equations.length + one.parts.reduce((sum, inner) => sum + all(inner), 0);
	const n = all(part);
	return n === 1 ? "1 equation" : `${n} equations`;
}

const terms = (root) => [...root.querySelectorAll("[data-to]")].filter((one) => one.checkVisibility());

function follow(target, go) {
	const to = target.closest?.("[data-to]")?.getAttribute("data-to");
	if (to) go(to);
}

// One term can be reached by Tab, the others by arrow keys from there.
function roam(root, to) {
	for (const one of root.querySelectorAll("[tabindex]"))
		if (one !== to) one.removeAttribute("tabindex"); // without it, it would lose the focus
	to.setAttribute("tabindex", "0");
}

function move(event, root, go) {
	const at = event.target.closest?.("[data-to]");
	if (!at) return;
	if (event.key === "Enter" || event.key === " ") {
		event.preventDefault();
		return follow(at, go);
	}
	const all = terms(root), i = all.indexOf(at);
	const line = (one) => one.closest(".line, .left");
	const next = {
		ArrowRight: () => all[i + 1],
		ArrowLeft: () => all[i - 1],
		ArrowDown: () => all.slice(i).find((one) => line(one) !== line(at)),
		ArrowUp: () => all.slice(0, i).reverse().find((one) => line(one) !== line(at)),
		Home: () => all[0],
		End: () => all.at(-1),
	}[event.key]?.();
	if (!next) return;
	event.preventDefault();
	roam(root, next);
	next.focus();
}
