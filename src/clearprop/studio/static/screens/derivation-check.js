// The check of a derivative: by backpropagation, and by differences of the cost itself.
import { useState } from "preact/hooks";
import { useAnswer, usePacedAnswer } from "studio/answers";
import { capital, number, whole } from "studio/format";
import { html } from "studio/html";

const DIGITS = 9;

export function Check({ pairs, of, called }) {
	const { answer, error, isOld } = usePacedAnswer("derivative_check", pairs);
	if (error) return html`<section class="check"><h3>The check</h3><p class="error">${error}</p></section>`;
	if (!answer) return html`<section class="check"><h3>The check</h3><p class="faint" role="status">Checking …</p></section>`;
	return html`<section class=${`check ${isOld ? "is-old" : ""}`} aria-label="The check">
		${answer.checked ? html`<${One} found=${answer} called=${called} />`
			: html`<h3>The check</h3><p class="faint">${of === "L" ? "L itself has no slope to be checked" : "Choose one number to have it checked"}.</p>`}
		<${Batch} pairs=${pairs} />
	</section>`;
}

function One({ found, called }) {
	const slope = `∂L/∂${called(found.checked)}`;
	const rows = [
		["analytic", found.analytic, "by backpropagation", null],
		["central difference", found.difference, html`h = ${number(found.h, 3)}`, found.difference_error],
		["extrapolated to h = 0", found.extrapolated, html`± ${number(found.doubt, 3)}`, found.error],
	];
	return html`<h3>The check of ${slope}${" "}<${Verdict} of=${found} /></h3>
		<p class="faint">${found.whole_batch ? "Of the whole batch; what is moved is" : "Of this sample's own cost; what is moved is"}
			${" "}${called(found.checked)}, now ${number(found.at, 6)}.</p>
		<table><thead><tr><th scope="col">slope</th><th scope="col">value</th><th scope="col">relative error</th></tr></thead>
			<tbody>${rows.map(([name, value, words, apart]) => html`<tr key=${name}>
				<th scope="row">${name}<br /><span class="faint">${words}</span></th>
				<td class="number" data-value=${value}>${number(value, DIGITS)}</td>
				<td class="number">${apart === null ? "" : number(apart, 3)}</td></tr>`)}</tbody></table>
		${found.words && html`<p class="words">${sentence(found.words)}</p>`}
		<${Ladder} found=${found} />`;
}

const sentence = (words) => `${capital(words)}${words.endsWith(".") ? "" : "."}`;

function Verdict({ of }) {
	const sign = { right: "✓", wrong: "✗" }[of.outcome] ?? "?";
	const why = of.outcome === "not determined" ? ` (${of.verdict})` : "";
	return html`<span class=${`verdict is-${of.outcome.replace(" ", "-")}`}>${sign} ${of.outcome}${why}</span>`;
}

// How far single differences are off, by their step.
const WIDE = 380, HIGH = 150, LEFT = 46, BELOW = 34;

function Ladder({ found }) {
	const points = found.steps.map((h, i) => [Math.log10(h), Math.log10(Math.max(found.errors[i], 1e-16))])
		.filter(([, error]) => Number.isFinite(error));
	if (points.length < 3) return null;
	const low = Math.floor(Math.min(...points.map(([h]) => h))), high = Math.ceil(Math.max(...points.map(([h]) => h)));
	const x = (h) => LEFT + ((h - low) / (high - low)) * (WIDE - LEFT - 10);
	const y = (error) => 8 + ((Math.min(Math.max(error, -16), 0)) / -16) * (HIGH - BELOW - 8);
	const used = Math.log10(found.h);
	const ticks = [low, Math.round((low + high) / 2), high];
	return html`<svg class="ladder" viewBox=${`0 0 ${WIDE} ${HIGH}`} role="img"
		aria-label="Relative error of single central differences by their step h">
		${[0, -8, -16].map((e) => html`<g key=${e}><line x1=${LEFT} x2=${WIDE - 10} y1=${y(e)} y2=${y(e)} class="grid" />
			<text x=${LEFT - 6} y=${y(e) + 4} text-anchor="end">${e === 0 ? "1" : power(e)}</text></g>`)}
		${ticks.map((h) => html`<text key=${h} x=${x(h)} y=${HIGH - BELOW + 15} text-anchor="middle">${h === 0 ? "1" : power(h)}</text>`)}
		<text x=${(LEFT + WIDE) / 2} y=${HIGH - 4} text-anchor="middle">step h; upwards the relative error</text>
		${used >= low && used <= high && html`<line x1=${x(used)} x2=${x(used)} y1=${y(0)} y2=${y(-16)} class="used" />`}
		<polyline points=${points.map(([h, error]) => `${x(h)},${y(error)}`).join(" ")} />
		${points.map(([h, error]) => html`<circle key=${h} cx=${x(h)} cy=${y(error)} r="2.5" />`)}
	</svg>`;
}

const DIGIT = "⁰¹²³⁴⁵⁶⁷⁸⁹";
const power = (e) => `10${e < 0 ? "⁻" : ""}${[...String(Math.abs(e))].map((d) => DIGIT[d]).join("")}`;

function Batch({ pairs }) {
	const { of, sample, ...place } = pairs;
	const key = JSON.stringify(place);
	const [asked, askFor] = useState("");
	const { answer, error } = useAnswer("batch_check", place, asked === key);
	const found = asked === key ? answer : null;
	return html`<p class="batch"><button onClick=${() => askFor(key)}>Check the whole gradient of this batch</button>
		<span role="status">${found && html`${" "}<${Verdict} of=${found} />: ${whole(found.derivatives)}
			${found.derivatives === 1 ? " derivative" : " derivatives"} by ${found.method}; farthest off is
			${" "}<code>${found.worst}</code>, by ${number(found.error, 3)}.${found.note && ` ${sentence(found.note)}`}
			${found.masks && " Checked without dropout."}`}
			${asked === key && error}</span></p>`;
}
