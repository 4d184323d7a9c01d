// Curves: cost, metrics and learning rate over the run, other runs from the same seed beside it.
import { usePacedAnswer } from "studio/answers";
import { capital, number, whole } from "studio/format";
import { alerted, html } from "studio/html";
import { Numbers, Plot, RUN_COLORS } from "studio/plot";
import { AddRun, RunsTable, readRuns } from "studio/screens/curves-compare";
import { Finder } from "studio/screens/curves-finder";
import { isReplay, opened } from "studio/source";
import { address, look, setUp, useStudio } from "studio/state";

const PACE = 250, AT_FIRST = 20; // milliseconds; epochs that are made without being asked for
const SCHEDULES = [["", "constant"], ["cosine", "cosine"], ["step", "steps"], ["exponential", "exponential"], ["warmup_cosine", "warm-up, cosine"]];
const METRICS = { accuracy: "accuracy", r2: "R²" };

export function CurvesScreen({ about, step }) {
	const { setup, view } = useStudio();
	const first = Math.min(about.total, Math.max(AT_FIRST * about.steps_of_epoch, 1));
	const upto = Math.max(step?.reached ?? 1, view.n + 1, Math.min(Number(view.upto) || first, about.total));
	// A replay, and a run that another program makes, go on by themselves, and have none beside them.
	const isOthers = isReplay || setup.data === "live";
	const variants = isOthers ? [] : readRuns(view.vs);
	const n = isReplay ? "" : upto - 1;
	const base = usePacedAnswer("curves", { ...setup, n }, { gap: PACE });
	const goal = view.goal || (variants.length ? base.answer?.summary.last?.loss : "") || "";
	const others = useRuns(setup, variants, n, goal);
	const mine = usePacedAnswer("curves", { ...setup, n, goal }, { wanted: goal !== "" && !isOthers, gap: PACE });
	const found = base.answer;
	const go = (x) => look({ n: Math.min(Math.max(Math.round(x), 0), about.total - 1), sample: 0, op: -1 });
	if (!found) return html`<div class="curves">${base.error ? alerted(base.error) : html`<p class="hint">The curves are on their way.</p>`}</div>`;
	const runs = [{ name: "this run", answer: mine.answer ?? found }, ...others];
	return html`<div class="curves">
		${alerted(base.error ?? found.failed)}
		${!isOthers && html`<${Length} about=${about} found=${found} upto=${upto} />`}
		<${LossPlot} found=${found} others=${others} view=${view} go=${go} />
		<${MetricPlot} found=${found} others=${others} view=${view} go=${go} />
		${!isOthers && html`<section class="curves-runs" aria-labelledby="curves-runs">
			<h2 id="curves-runs">Runs from the same seed</h2>
			<${RunsTable} runs=${runs} goal=${goal} view=${view} />
			<${AddRun} setup=${setup} view=${view} about=${about} />
		</section>`}
		${setup.data !== "live" && html`<${RatePlot} found=${found} others=${others} view=${view} go=${go} setup=${setup} />`}
		${!isOthers && html`<${Finder} setup=${setup} view=${view} />`}
		${isReplay && html`<p class="hint">Runs beside it, and the search for a learning rate, are not in a replay. ${opened(address())}</p>`}
	</div>`;
}

// As many questions as there may be runs, as hooks are counted.
function useRuns(setup, variants, n, goal) {
	return Array.from({ length: RUN_COLORS.length - 1 }, (_, k) => {
		const variant = variants[k];
		const { answer, error } = usePacedAnswer("curves", { ...setup, ...(variant?.pairs ?? {}), n, goal }, { wanted: variant !== undefined, gap: PACE });
		return variant && { name: variant.name, text: variant.text, answer, error };
	}).filter(Boolean);
}

function Length({ about, found, upto }) {
	const size = about.steps_of_epoch, isDone = found.n + 1 >= upto || found.failed;
	const more = (epochs) => look({ upto: String(Math.min(found.n + 1 + epochs * size, about.total)) });
	return html`<div class="curves-length" role="group" aria-label="Make more of the run">
		<span aria-live="polite">${whole(found.n + 1)} of ${whole(about.total)} steps are made${isDone ? "." : `, ${whole(upto)} are wanted…`}</span>
		${[10, 100].map((epochs) => html`<button onClick=${() => more(epochs)} disabled=${found.n + 1 >= about.total || found.failed}>${epochs} epochs more</button>`)}
		<button onClick=${() => look({ upto: String(about.total) })} disabled=${found.n + 1 >= about.total || found.failed}>The whole run</button>
	</div>`;
}

const ofEpochs = (answer, value) => ({ x: answer.epochs.map((one) => one.n), y: answer.epochs.map(value) });

function runLines(answer, others, training, validation, own) {
	const pair = (found, name, color) => [
		{ label: `${name}training`, ...ofEpochs(found, training), color, width: 2 },
		...(found.epochs.some((one) => validation(one) != null)
			? [{ label: `${name}validation`, ...ofEpochs(found, validation), color, width: 2, dash: [6, 4] }] : []),
	];
	return [
		...own, ...pair(answer, "", RUN_COLORS[0]),
		...others.flatMap(({ answer: other, name }, k) => (other ? pair(other, `${name}: `, RUN_COLORS[k + 1]) : [])),
	];
}

function LossPlot({ found, others, view, go }) {
	const isLog = view.log === "1";
	const lines = runLines(found, others, (one) => one.loss, (one) => one.validation_loss,
		[{ label: "each batch", x: found.places, y: found.losses, color: "var(--faint)", width: 0.75 }]);
	const { last, best } = found.summary;
	return html`<section aria-labelledby="curves-loss"><div class="plot-head">
			<h2 id="curves-loss">Cost</h2>
			<label><input type="checkbox" checked=${isLog} onChange=${() => look({ log: isLog ? "" : "1" })} /> log axis</label>
			${best && html`<button onClick=${() => go(best.n)}>To the best epoch, step ${whole(best.n)}</button>`}
		</div>
		<${Plot} lines=${lines} at=${view.n} onPick=${go} logY=${isLog} label=${`Cost over ${whole(found.n + 1)} steps${last ? `: training ${number(last.loss)}, validation ${number(last.validation_loss)} at the end` : ""}`} />
		<${Table} found=${found} name="cost" training=${(one) => one.loss} validation=${(one) => one.validation_loss} />
	</section>`;
}

function MetricPlot({ found, others, view, go }) {
	const name = Object.keys(found.epochs[0]?.metrics ?? {})[0];
	if (!name) return null;
	const training = (one) => one.metrics[name], validation = (one) => one.validation_metrics[name];
	const title = METRICS[name] ?? name;
	return html`<section aria-labelledby="curves-metric">
		<div class="plot-head"><h2 id="curves-metric">${capital(title)}</h2></div>
		<${Plot} lines=${runLines(found, others, training, validation, [])} at=${view.n} onPick=${go}
			label=${`${title} after each epoch: ${number(training(found.epochs.at(-1)))} at the end`} />
		<${Table} found=${found} name=${title} training=${training} validation=${validation} />
	</section>`;
}

function RatePlot({ found, others, view, go, setup }) {
	const lines = [{ label: "this run", answer: found }, ...others.map(({ name, answer }) => ({ label: name, answer }))]
		.map((line, k) => ({ ...line, color: RUN_COLORS[k], width: 2 })).filter(({ answer }) => answer?.rates.length)
		.map(({ answer, ...line }) => ({ ...line, x: answer.rate_places, y: answer.rates }));
	return html`<section aria-labelledby="curves-rate"><div class="plot-head">
			<h2 id="curves-rate">Learning rate</h2>
			${!isReplay && html`<label>over the run <select value=${setup.schedule ?? ""} onChange=${(e) => setUp({ schedule: e.target.value })}>
				${SCHEDULES.map(([value, words]) => html`<option value=${value}>${words}</option>`)}</select></label>`}
		</div>
		${lines.length ? html`<${Plot} lines=${lines} at=${view.n} onPick=${go} label=${`Learning rate: ${number(found.rates[0])} at first, ${number(found.rates.at(-1))} at step ${whole(found.n)}`} />`
			: html`<p class="hint">This optimizer finds its steps itself.</p>`}
	</section>`;
}

function Table({ found, name, training, validation }) {
	const { epochs } = found;
	if (!epochs.length) return html`<p class="hint">No epoch has ended yet.</p>`;
	const parts = [["training", training], ["validation", validation]].filter(([, value]) => epochs.some((one) => value(one) != null));
	return html`<${Numbers} heads=${["updates", ...parts.map(([words]) => `${words} ${name}`)]}
		rows=${epochs.map((one) => [whole(one.n), ...parts.map(([, value]) => number(value(one), 5))])} />`;
}
