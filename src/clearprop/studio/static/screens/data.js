// Data and decisions: what the network decides over the data, a map of each neuron, right and
// wrong, and who pushes hardest.
import { useMemo, useState } from "preact/hooks";
import { usePacedAnswer } from "studio/answers";
import { whole } from "studio/format";
import { alerted, html } from "studio/html";
import { Change } from "studio/screens/data-change";
import { DecisionMap } from "studio/screens/data-map";
import { NeuronMaps } from "studio/screens/data-neurons";
import { Fit } from "studio/screens/data-fit";
import { Pushes, RowPanel } from "studio/screens/data-rows";
import { ask, isHeldStep } from "studio/source";
import { lasting, look, useStudio } from "studio/state";

// Numbers beside the map follow a moving run at a reader's pace.
const PACE = 150;

export function DataScreen({ about, step }) {
	const { setup, view } = useStudio();
	const [pointed, point] = useState("");
	const plane = { over: view.over, about: view.about };
	const maps = usePacedAnswer("decisions", { ...setup, ...plane, n: view.n, of: view.map });
	const points = usePacedAnswer("points", { ...lasting(setup), ...plane, n: setup.edit ? view.n : "" });
	const verdicts = usePacedAnswer("verdicts", { ...setup, n: view.n, part: view.part }, { gap: PACE });
	const pushes = usePacedAnswer("pushes", { ...setup, n: view.n }, { gap: PACE });
	const shown = pointed || view.row || "";
	const row = usePacedAnswer("row", { ...setup, n: view.n, row: shown }, { wanted: shown !== "", gap: PACE });
	const [problem, refuse] = useState(null);

	// Follow a row: to the next step whose batch holds it.
	const follow = async (name) => {
		try {
			const { next } = await ask("row", { ...setup, n: view.n, row: name });
			const isThere = next && isHeldStep(next);
			look({ row: name, ...(isThere ? { n: next.n, sample: next.sample, op: -1 } : {}) }, true);
			refuse(null);
		} catch (error) {
			refuse(error.message);
		}
	};
	const error = problem ?? maps.error ?? points.error ?? verdicts.error ?? pushes.error ?? row.error;
	// The sample that is looked at, where these pushes are of its step.
	const isAt = step && pushes.answer?.n === step.n ? step.sample : -1;
	const fit = useMemo(() => html`<${Fit} verdicts=${verdicts.answer} about=${about} view=${view} />`, [verdicts.answer, about, view.part]);
	const neurons = useMemo(() => html`<${NeuronMaps} maps=${maps.answer} chosen=${view.map} />`, [maps.answer, view.map]);
	const pushing = useMemo(() => html`<${Pushes} pushes=${pushes.answer} at=${isAt} />`, [pushes.answer, isAt]);
	return html`<div class="data">
		${alerted(error)}
		<div><section class="data-plane" aria-labelledby="data-plane">
			<h2 id="data-plane">${points.answer && !points.answer.classes.length ? "Output" : "Decisions"} <small>${
				maps.answer ? `step ${whole(maps.answer.n)}` : ""}</small></h2>
			<${PlaneChoice} about=${about} view=${view} own=${maps.answer?.over} />
			<${DecisionMap} maps=${maps.answer} points=${points.answer} verdicts=${verdicts.answer} step=${step}
				view=${view} shown=${shown} point=${point} follow=${follow} />
		</section>
		<section class="data-row" aria-labelledby="data-row">
			<h2 id="data-row">A row</h2>
			<${RowPanel} row=${shown ? row.answer : null} view=${view} step=${step} follow=${follow} />
		</section>
		</div><div>
		<${Change} about=${about} step=${step} over=${view.over || maps.answer?.over} />
		<section class="data-neurons" aria-labelledby="data-neurons">
			<h2 id="data-neurons">A map of each neuron</h2>
			${neurons}
		</section>
		<div class="data-pair"><section class="data-fit" aria-labelledby="data-fit">
			${fit}
		</section>
		<section class="data-pushes" aria-labelledby="data-pushes">
			<h2 id="data-pushes">Who pushes hardest in this batch</h2>
			${pushing}
		</section></div></div>
	</div>`;
}

// Over which two inputs, or directions, the maps are.
function PlaneChoice({ about, view, own }) {
	const { features } = about;
	if (features.length < 3) return null;
	const isPca = view.over === "pca";
	const [first, second] = isPca ? ["0", "1"] : (view.over || own || "0,1").split(",");
	const axis = (label, value, other, over) => html`<label>${label}
		<select value=${value} disabled=${isPca} onChange=${(e) => look({ over: over(e.target.value), map: view.map }, true)}>
			${features.map((name, i) => html`<option value=${String(i)} disabled=${String(i) === other}>${name}</option>`)}
		</select></label>`;
	return html`<div class="data-choice" role="group" aria-label="Axes of the maps">
		<button aria-pressed=${!isPca} onClick=${() => look({ over: "" }, true)}>Two inputs</button>
		<button aria-pressed=${isPca} onClick=${() => look({ over: "pca", about: "" }, true)}>PCA, a projection</button>
		${!isPca && html`
			${axis("across", first, second, (i) => `${i},${second}`)}
			${axis("up", second, first, (i) => `${first},${i}`)}
			<label>others <select value=${view.about ?? ""} onChange=${(e) => look({ about: e.target.value }, true)}>
				<option value="">at their means</option>
				${/^\d+$/.test(view.row ?? "") && html`<option value=${view.row}>as in row ${view.row}</option>`}
				${view.about && view.about !== view.row && html`<option value=${view.about}>as in row ${view.about}</option>`}
			</select></label>`}
	</div>`;
}
