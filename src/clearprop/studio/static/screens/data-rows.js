// A row of the data, with the way to its batch; and the samples of a batch by how hard they push.
import { color, number, whole } from "studio/format";
import { html } from "studio/html";
import { isHeldStep } from "studio/source";
import { Roving } from "studio/roving";
import { look } from "studio/state";

const named = (classes, value) => (classes.length ? classes[value] ?? value : number(value));

export function RowPanel({ row, view, step, follow }) {
	if (!row)
		return html`<p class="hint">Point at a row on the map, or go through them by the arrow keys, to see its
			values. A click, or Enter, follows it: to the next batch that holds it, and through the network.</p>`;
	const isFollowed = view.row === row.row, isHeld = row.part === "held";
	const isHere = isFollowed && step && row.next && step.n === row.next.n && step.row === row.index;
	const isWrong = row.called !== undefined && row.called !== row.y;
	const go = (screen) => look({ screen, row: row.row, n: row.next.n, sample: row.next.sample, op: -1 }, true);
	return html`<div class="row-panel" aria-live="polite">
		<h3>${isHeld ? `Row ${whole(row.index)}, put aside` : `Row ${whole(row.index)}`}${isFollowed ? ", followed" : ""}</h3>
		<table><tbody>
			${row.values.slice(0, 12).map((value, i) => html`<tr key=${i}><th scope="row">${row.features[i]}</th><td class="number">${number(value)}</td></tr>`)}
			${row.values.length > 12 && html`<tr><td colspan="2">and ${whole(row.values.length - 12)} more</td></tr>`}
			<tr class="of-target"><th scope="row">${row.target}</th><td>${named(row.classes, row.y)}</td></tr>
			<tr><th scope="row">output at step ${row.n}</th><td class="number">${row.output.map((v) => number(v)).join("  ")}${row.unscaled && ` (${row.unscaled})`}</td></tr>
			${row.called !== undefined && html`<tr><th scope="row">called</th><td class=${isWrong ? "wrong" : ""}>${named(row.classes, row.called)}${isWrong ? " (wrong)" : " (right)"}</td></tr>`}
		</tbody></table>
		${isHeld ? html`<p class="hint">It is put aside: no batch holds it.</p>`
			: !row.next ? html`<p class="hint">No batch from here to the end of the run holds it.</p>`
			: !isHeldStep(row.next) ? html`<p class="hint">The next batch that holds it is that of step ${whole(row.next.n)}, sample ${row.next.sample}, which is not in
				this replay.</p>`
			: html`<p>${isHere ? "It is in this batch: " : "Next in the batch of "}step ${whole(row.next.n)}, sample ${row.next.sample}.</p>
				<div class="buttons">${!isFollowed && html`<button onClick=${() => follow(row.row)}>Follow</button>`}
					<button onClick=${() => go("network")}>In the network</button>
					<button onClick=${() => go("derivation")}>Its derivation</button></div>`}
	</div>`;
}

export function Pushes({ pushes, at }) {
	if (!pushes) return null;
	const most = pushes.samples[0]?.norm || 1;
	const pick = (one) => look({ n: pushes.n, sample: one.sample, row: String(one.row), op: -1 });
	return html`<p class="hint">The length of each sample's own gradient, and its cosine with the batch's: below 0, it
			pulls against the others.${pushes.samples.length < pushes.batch && ` The first ${pushes.samples.length} of ${whole(pushes.batch)}.`}</p>
		<${Roving} tag="ol" role="list" class="pushes">${pushes.samples.map((one) => html`<li key=${one.row}>
			<button aria-pressed=${one.sample === at} onClick=${() => pick(one)}
				title=${one.deltas.map((value, l) => `|delta${l + 1}| ${number(value, 3)}`).join(", ")}>
				<span>row ${whole(one.row)}</span>
				<span class="bar"><i style=${`width:${((100 * (one.norm ?? 0)) / most).toFixed(1)}%;background:${color(one.cosine ?? 0, 1)}`}></i></span>
				<span class="number">${number(one.norm, 3)}</span>
				<span class="number">${number(100 * one.share, 2)}%</span>
				<span class="number">${one.cosine === null ? "" : `cos ${number(one.cosine, 2)}`}</span>
			</button></li>`)}<//>
		<p class="hint">The batch's gradient: <span class="number">${number(pushes.gradient)}</span>. Bars: blue against it, orange along.</p>`;
}
