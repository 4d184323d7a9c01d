// The classroom: numbers to predict before they are shown, worksheets, and what a teacher sets.
import { useState } from "preact/hooks";
import { html } from "studio/html";
import { download } from "studio/saving";
import { Roving } from "studio/roving";
import { Predict } from "studio/screens/predict";
import { Sheet } from "studio/screens/sheet";
import { Teacher } from "studio/screens/teacher";
import { look, useStudio } from "studio/state";

const PARTS = [
	["predict", "Predict, then reveal", Predict],
	["sheet", "Worksheet", Sheet],
	["teacher", "For the teacher", Teacher],
];

export function ClassroomScreen(given) {
	const { view } = useStudio();
	const hidden = view.hide.split(",");
	const parts = PARTS.filter(([name]) => !hidden.includes(name));
	const [name, , Part] = parts.find(([one]) => one === view.part) ?? parts[0];
	const [results, setResults] = useState(() => read(view.student));
	const note = (result) => {
		const all = [...results, { student: view.student || "1", ...result, time: new Date().toISOString() }];
		setResults(all);
		write(view.student, all);
	};
	return html`<div class="classroom">
		<div class="tabs"><${Roving} class="row" aria-label="Parts of the classroom">${parts.map(([one, title]) =>
			html`<button key=${one} aria-pressed=${one === name} onClick=${() => look({ part: one }, true)}>${title}</button>`)}<//>
			<label>Student <input class="short" inputmode="numeric" value=${view.student || "1"}
				onChange=${(e) => {
					look({ student: e.target.value.replace(/\D/g, "") || "1" }, true);
					setResults(read(e.target.value));
				}} /></label></div>
		<${Part} ...${given} note=${note} key=${`${name} ${view.student}`} />
		${results.length > 0 && html`<${Results} results=${results} student=${view.student} clear=${() => {
			setResults([]);
			write(view.student, []);
		}} />`}
	</div>`;
}

const COLUMNS = ["time", "student", "task", "quantity", "answer", "right", "said", "tries", "hints"];

function Results({ results, student, clear }) {
	const [asks, setAsks] = useState(false);
	const right = results.filter((one) => one.right).length;
	const save = () => {
		const quoted = (value) => `"${safe(String(value ?? "")).replace(/"/g, '""')}"`;
		const lines = [COLUMNS, ...results.map((one) => COLUMNS.map((name) => one[name]))];
		const text = lines.map((line) => line.map(quoted).join(",")).join("\r\n");
		download([text, "\r\n"], "text/csv", `clearprop-student-${student || "1"}.csv`);
	};
	return html`<section class="results" aria-label="Results">
		<p class="row"><span>${results.length} answer${results.length === 1 ? "" : "s"}, ${right} right. They are kept in this
			browser alone.</span>
			<button onClick=${save}>Save as CSV</button>
			${asks ? html`<button onClick=${() => { clear(); setAsks(false); }}>Yes, delete them</button>`
				: html`<button onClick=${() => setAsks(true)}>Delete</button>`}</p>
	</section>`;
}

// A spreadsheet takes a text that begins so as a formula.
function safe(text) {
	return /^[=+@\t]/.test(text) || /^-[^\d.]/.test(text) ? `'${text}` : text;
}

function read(student) {
	try {
		return JSON.parse(localStorage.getItem(`clearprop results ${student || "1"}`)) ?? [];
	} catch {
		return []; // a browser that keeps nothing
	}
}

function write(student, results) {
	try {
		localStorage.setItem(`clearprop results ${student || "1"}`, JSON.stringify(results));
	} catch {
		// They can be saved as long as the page stays open.
	}
}
