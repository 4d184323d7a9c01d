// The network: layers drawn with their numbers, one lens at a time, and what is selected beside it.
import { useEffect, useMemo, useRef } from "preact/hooks";
import { useAnswer } from "studio/answers";
import { color, number, parts } from "studio/format";
import { html } from "studio/html";
import { Roving } from "studio/roving";
import { Drawing } from "studio/screens/network/drawing";
import { frozen, shared } from "studio/screens/network/editing";
import { lensOf, LENSES, Numbers } from "studio/screens/network/numbers";
import { Panel } from "studio/screens/network/panel";
import { Tables } from "studio/screens/network/table";
import { isReplay } from "studio/source";
import { look, state, useStudio } from "studio/state";
import { useWidth } from "studio/width";

// A neuron of a wide layer that is selected is drawn in any case.
function alsoShown(of, step) {
	const wanted = new Map(parts(state.view.also).map((one) => one.split(":")));
	const add = (layer, i) => {
		if (!(i >= 0) || i >= step.sizes[layer] || step.shown[layer]?.includes(i)) return;
		const kept = (wanted.get(String(layer)) ?? "").split(",").filter(Boolean);
		wanted.set(String(layer), [...kept, i].slice(-4).join(","));
	};
	const [, symbol, layer, first, second] = of.match(/^(x|y|W|b|a)(\d*)\[(\d+)(?:,(\d+))?\]$/) ?? [];
	if (symbol === "x") add(0, Number(first));
	else if (symbol === "y") add(step.sizes.length - 1, Number(first));
	else if (symbol) add(Number(layer), Number(first));
	if (symbol === "W") add(Number(layer) - 1, Number(second));
	return [...wanted].map(([at, which]) => `${at}:${which}`).join(";");
}

export function NetworkScreen({ about, step, isOld }) {
	const { setup, view } = useStudio();
	const [box, width] = useWidth();
	const op = useRef(view.op);
	// The element that is drawn for what is selected: of delta1[0], the neuron; of dW1[0,1], the weight.
	const of = view.of.replace(/^(z|delta|da)(?=[1-9])/, "a").replace(/^d(?=[Wbx])/, "");
	if (!step || step.n === view.n) op.current = view.op;  // the operation of the step that is shown
	const found = useAnswer("element", { ...setup, n: view.n, sample: view.sample, of }, !!of && !!step);
	const lens = lensOf(view.lens, about, op.current);
	const numbers = useMemo(() => step && new Numbers(about, step, op.current, lens), [about, step, op.current, lens]);
	const also = step && of ? alsoShown(of, step) : view.also;
	useEffect(() => { if (also !== view.also && !isReplay) look({ also }); }, [also]);
	const isSame = step && step.sizes.join() === about.sizes.join();  // else the other is on its way
	const select = (of) => look({ of });
	const held = frozen(), groups = shared();
	const marks = (name) => {  // whole matrices have their mark at the head of their column
		const names = name[0] === "b" ? [name, name.split("[")[0]] : [name];
		return names.some((one) => held.includes(one)) ? "frozen"
			: groups.some((group) => names.some((one) => group.includes(one))) ? "shared" : "";
	};
	return html`<div class="network-screen">
		<${Roving} class="lenses" aria-label="Lens">
			<button aria-pressed=${view.lens === "follow"} title="The lens that fits the operation" onClick=${() => look({ lens: "follow" })}>Follow</button>
			${LENSES.map(({ name, words }) => html`<button key=${name} class=${lens === name ? "is-lens" : ""}
				aria-pressed=${view.lens === name} onClick=${() => look({ lens: name })}>${words}</button>`)}
			<${Legend} numbers=${numbers} />
			<button class="as-table" aria-pressed=${view.table === "1"} onClick=${() => look({ table: view.table === "1" ? "" : "1" })}>Numbers as a table</button>
		<//>
		<p class="caption" aria-live="off">${numbers?.caption ?? "Computing …"}</p>
		<div class="network-body">
			<div class="drawing" ref=${box}>${numbers && isSame && width > 0 && (view.table === "1"
				? html`<${Tables} numbers=${numbers} of=${of} select=${select} />`
				: html`<${Drawing} numbers=${numbers} width=${width} of=${of} select=${select} isOld=${isOld}
						marks=${marks} view=${view} incoming=${found.answer?.incoming} />`)}</div>
			${numbers && isSame && html`<${Panel} numbers=${numbers} found=${found.answer} error=${of ? found.error : null} of=${of} select=${select} />`}
		</div>
	</div>`;
}

function Legend({ numbers }) {
	if (!numbers) return null;
	const most = numbers.step.scales[numbers.lens];
	const shades = [-1, -0.75, -0.5, -0.25, 0, 0.25, 0.5, 0.75, 1];
	const wires = numbers.isOfParameters ? "color and width of edges: the same" : "width of edges: |W|";
	return html`<span class="legend" role="img" aria-label=${`Colors from ${number(-most)}, blue, over 0 to ${number(most)}, orange; ${wires}`}>
		<span>${number(-most)}</span>
		<span class="scale">${shades.map((shade) => html`<i key=${shade} style=${{ background: color(shade, 1) }}></i>`)}</span>
		<span>${number(most)}</span><small>${wires}</small></span>`;
}
