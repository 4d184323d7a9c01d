// Start: what a run is made of. Each choice stands in the address at once, and the run begins anew.
import { useRef } from "preact/hooks";
import { useAnswer } from "studio/answers";
import { counted, whole } from "studio/format";
import { html } from "studio/html";
import { look, setUp, useStudio } from "studio/state";
import { Network } from "studio/start/network";
import { Sets } from "studio/start/sets";
import { Columns, YourTable } from "studio/start/table";
import { Number_, Training } from "studio/start/training";

const keyOf = ({ data, target, columns }) => [data, target, columns].join("\n");

const DRAWN = ["circles", "xor", "moons", "spirals"];

function Balance({ classes }) {
	const counts = Object.entries(classes), most = Math.max(...Object.values(classes));
	const shown = counts.slice(0, 12);
	return html`<table class="balance"><caption>Rows of each class</caption><tbody>
		${shown.map(([name, count]) => html`<tr key=${name}><th scope="row">${name}</th>
			<td class="bar" aria-hidden="true"><div style=${`width:${(100 * count) / most}%`}></div></td>
			<td class="number">${whole(count)}</td></tr>`)}
		</tbody></table>${counts.length > shown.length
			&& html`<p class="faint">and ${counts.length - shown.length} more classes</p>`}`;
}

function Data({ found, setup, isOther }) {
	const data = setup.data ?? "circles", isDrawn = DRAWN.includes(data);
	return html`<section aria-labelledby="start-data"><h2 id="start-data">Data</h2>
		<${Sets} chosen=${data} />
		<${YourTable} isShown=${/^(table|inline):/.test(data)} />
		${found.title && html`<h3>${found.title}</h3>
			<p>${counted(found.rows, "row")} to learn from${found.held_rows > 0
				? `, ${whole(found.held_rows)} put aside to check` : ""}; ${counted(found.features.length, "input")}.</p>`}
		${found.table?.all && html`<div inert=${isOther}><${Columns} table=${found.table} /></div>`}
		${found.classes && Object.keys(found.classes).length > 0 && html`<${Balance} classes=${found.classes} />`}
		${found.notes?.length > 0 && html`<ul class="notes" aria-label="What to know of the data">
			${found.notes.map((note) => html`<li key=${note}>${note}</li>`)}</ul>`}
		${data !== "live" && html`<div class="fields">
			${isDrawn && html`<${Number_} title="Rows" name="rows" value=${setup.rows ?? found.rows + found.held_rows} min="4" max="100000" step="1" />
				<${Number_} title="Noise" name="noise" value=${setup.noise ?? 0.1} min="0" max="1" step="0.05" />`}
			${!["note", "mazur"].includes(data) && html`<${Number_} title="Share put aside" name="share"
				value=${setup.share ?? 0.2} min="0" max="0.5" step="0.05" />`}
			<label class="field">Seed <span class="row">
				<input type="number" min="0" step="1" value=${setup.seed ?? 0} onChange=${(e) => setUp({ seed: e.target.value })} />
				<button onClick=${() => setUp({ seed: String(Number(setup.seed ?? 0) + 1) })}>Another seed</button></span></label>
		</div>`}
	</section>`;
}

export function StartScreen({ about }) {
	const { setup } = useStudio();
	const { answer: found, error, isOld } = useAnswer("choices", setup);
	// The choices of another set of data are no place to choose from.
	const shown = useRef({ found: null, of: "" });
	if (!isOld && shown.current.found !== found) shown.current = { found, of: keyOf(setup) };
	const isOther = shown.current.of !== keyOf(setup);
	if (error && !found)
		return html`<p>The address of this page says something that is none. <button
			onClick=${() => { location.hash = "#start"; location.reload(); }}>Begin afresh</button></p>`;
	if (!found) return html`<p class="faint" role="status">Looking at the data …</p>`;
	return html`<div class="start">
		<${Data} found=${found} setup=${setup} isOther=${isOther} />
		${found.network && html`<div class="right" inert=${isOther}>
			<section aria-labelledby="start-network"><h2 id="start-network">Network</h2>
				<${Network} found=${found} setup=${setup} isFixed=${!!setup.weights || (setup.data ?? "").startsWith("model:")} /></section>
			<section aria-labelledby="start-training"><h2 id="start-training">Training</h2>
				<${Training} found=${found} setup=${setup} /></section>
			${!found.error && about && html`<p><button class="go" onClick=${() => look({ screen: "network", play: "1" }, true)}>
				Watch it learn</button></p>`}
		</div>`}
	</div>`;
}
