// One's own table: dropped, chosen or pasted; its target and columns.
import { useEffect, useRef, useState } from "preact/hooks";
import { alerted, html } from "studio/html";
import { whole } from "studio/format";
import { isReplay, send } from "studio/source";
import { look, setUp, state } from "studio/state";

// What another set of data leaves nothing of.
export const NONE = {
	target: "", columns: "", rows: "", weights: "", hidden: "", activation: "", output: "", loss: "",
	initializer: "", optimizer: "", rate: "", momentum: "", batch: "", frozen: "", shared: "", edit: "",
};

async function handIn(body, name) {
	setUp({ ...NONE, data: (await send("tables", { name }, body)).data });
}

// A file may be dropped anywhere, on any screen: Start takes it.
let dropped = null;

function drag(e) {
	if (!e.dataTransfer?.types.includes("Files")) return;
	e.preventDefault();
	document.body.classList.toggle("over", e.type === "dragover");
	if (e.type !== "drop" || isReplay || state.view.hide.split(",").includes("start")) return;
	dropped = e.dataTransfer.files[0];
	look({ screen: "start" });
}

for (const kind of ["dragover", "dragleave", "drop"]) addEventListener(kind, drag);

export function YourTable({ isShown }) {
	const [error, fail] = useState(null);
	const [isPasting, paste] = useState(false);
	const file = useRef(null), text = useRef(null);
	const take = (body, name) => {
		fail(null);
		handIn(body, name).then(() => paste(false), (problem) => fail(problem.message));
	};
	const takeFile = (one) => one && take(one, one.name);
	useEffect(() => {
		takeFile(dropped);
		dropped = null;
	});
	return html`<div class=${`own ${isShown ? "chosen" : ""}`}>
		<p><b>Your own table.</b> Drop a file anywhere on this page (.csv, .xlsx, .parquet, .json), or</p>
		<p class="row">
			<button onClick=${() => file.current.click()}>Choose a file</button>
			<button aria-expanded=${isPasting} onClick=${() => paste(!isPasting)}>Paste a table</button>
		</p>
		<input ref=${file} type="file" hidden aria-label="Table file"
			accept=".csv,.tsv,.txt,.xlsx,.parquet,.pq,.arrow,.feather,.json,.jsonl,.gz,.zst"
			onChange=${(e) => takeFile(e.target.files[0])} />
		${isPasting && html`<textarea ref=${text} rows="6" aria-label="Table as text" spellcheck="false"
				placeholder=${"length,width,kind\n5.1,3.5,setosa\n..."}></textarea>
			<p><button onClick=${() => take(text.current.value, "table.csv")}>Take it</button></p>`}
		${alerted(error)}
		<p class="faint">It stays on this machine, 32 MB at most. A small one is kept in the address.</p>
	</div>`;
}

const quoted = (name) => (/[",\n]/.test(name) ? `"${name.replaceAll('"', '""')}"` : name);

export function Columns({ table }) {
	const { columns } = table, written = (one, as) => quoted(as ? `${one.name}:${as}` : one.name);
	// Change a column: undefined leaves it out; else what it is read as, "" as by itself.
	const change = (name, as) => setUp({
		columns: columns.filter((one) => (one.name === name ? as !== undefined : one.used))
			.map((one) => written(one, one.name === name ? as : one.as)).join(","),
		frozen: "", shared: "", edit: "",
	});
	const [turned, turn] = useState(null);  // what was clicked counts already, until the answer is there
	const isLast = columns.filter((one) => one.used).length === 1;
	return html`
		<label class="field">What is predicted
			<select value=${table.target} onChange=${(e) => setUp({ ...NONE, target: e.target.value })}>
				${table.all.map((name) => html`<option key=${name} value=${name}>${name}</option>`)}
			</select></label>
		${table.reason && html`<p class="faint">${table.task}: ${table.reason}
			${table.left_out > 0 && `; ${whole(table.left_out)} rows without a target are left out`}</p>`}
		<fieldset class="columns"><legend>Columns to learn from</legend>
			${columns.map((one) => html`<label key=${one.name} class="column">
				<input type="checkbox" checked=${one.used !== (one === turned)} disabled=${one.used && isLast}
					onChange=${() => { turn(one); change(one.name, one.used ? undefined : ""); }} />
				<span><b>${one.name}</b> <span class="faint">${one.what || one.why || "left out"}${
					table.missing?.[one.name] ? `, ${whole(table.missing[one.name])} missing` : ""}</span></span>
			</label>`)}
		</fieldset>
		${columns.map((one) => one.advised && html`<button key=${one.name}
			onClick=${() => change(one.name, one.advised)}>Read ${one.name} as ${one.advised}</button>`)}`;
}
