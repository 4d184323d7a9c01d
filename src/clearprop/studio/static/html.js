// Elements as tagged templates, without a build step: html`<p class="a" title=${words}>${text} <${Part} isOpen ...${more} /></p>`
import { h } from "preact";
import { useState } from "preact/hooks";

const HOLE = "\0", TAG = /<(\0|[^\s/>]+)/y, END = /\s*(\/?)>/y;
const ATTRIBUTE = /\s*(?:(\.\.\.)\0|([^\s=/>]+)(?:=(?:"([^"]*)"|(\0|[^\s/>]+)))?)/y;
const known = new Map();

// A template as a tree, which is read once: texts, numbers of values, and elements.
function read(strings) {
	const text = strings.join(HOLE), root = { children: [] }, open = [root];
	let at = 0, hole = 0;
	const take = (pattern) => {
		pattern.lastIndex = at;
		const found = pattern.exec(text);
		if (found) at = pattern.lastIndex;
		return found;
	};
	const valueOf = (written) => (written === HOLE ? hole++ : written);
	while (at < text.length) {
		const { children } = open.at(-1);
		if (text.startsWith("</", at)) {
			at = text.indexOf(">", at) + 1;
			open.pop();
		} else if (text[at] === "<") {
			const one = { tag: valueOf(take(TAG)[1]), given: [], children: [] };
			children.push(one);
			let end = take(END);
			for (; !end; end = take(END)) {
				const [, isAll, name, quoted, value = true] = take(ATTRIBUTE);
				one.given.push(isAll ? ["", hole++] : [name, quoted ?? valueOf(value)]);
			}
			if (!end[1]) open.push(one);
		} else {
			const next = text.indexOf("<", at), end = next < 0 ? text.length : next;
			text.slice(at, end).split(HOLE).forEach((part, k) => {
				if (k) children.push(hole++);
				// Line ends of the source are no text.
				const words = part.replace(/^\s*\n\s*|\s*\n\s*$/g, "");
				if (words) children.push(words);
			});
			at = end;
		}
	}
	return root.children;
}

// What is being typed stays, whatever the page is told meanwhile.
function Field({ value, onChange, ...given }) {
	const [typed, type] = useState();
	return h("input", { ...given, value: typed ?? value, onInput: (e) => type(e.target.value),
		onBlur: () => type(), onChange: onChange && ((e) => { type(); onChange(e); }) });
}

function made(one, values) {
	if (typeof one === "number") return values[one];
	if (typeof one === "string") return one;
	const given = {}, valueOf = (value) => (typeof value === "number" ? values[value] : value);
	for (const [name, value] of one.given)
		if (name) given[name] = valueOf(value);
		else Object.assign(given, values[value]);
	const isTyped = one.tag === "input" && "value" in given && !given.onInput && !/^[cfr]/.test(given.type);
	return h(isTyped ? Field : valueOf(one.tag), given, ...one.children.map((child) => made(child, values)));
}

export function html(strings, ...values) {
	if (!known.has(strings)) known.set(strings, read(strings));
	const all = known.get(strings).map((one) => made(one, values));
	return all.length > 1 ? all : all[0];
}

// A line that says what went wrong, where something did.
export const alerted = (error) => error && html`<p class="error" role="alert">${error}</p>`;
