// The drawing: columns of neurons and the edges between them, with the numbers of one lens.
import { useRef, useState } from "preact/hooks";
import { color, number, shortened, whole } from "studio/format";
import { html } from "studio/html";
import { nudge, useDrag } from "studio/screens/network/editing";
import { layout, neighbor, walk } from "studio/screens/network/layout";
import { Strip } from "studio/screens/network/strip";
import { Travel } from "studio/screens/network/travel";

const short = (text, most) => (text.length > most ? `${text.slice(0, most - 1)}…` : text);

// A lock on what is frozen, a link on what is shared.
function Mark({ mark, x, y }) {
	if (!mark) return null;
	return html`<g class="mark" transform=${`translate(${x} ${y})`}><title>${mark}</title><circle r="7.5" />
		${mark === "frozen" ? html`<path d="M-3.5 -0.5h7v4.5h-7zM-2 -0.5v-1.5a2 2 0 0 1 4 0v1.5" />`
			: html`<path d="M-0.5 1.5h-2a2 2 0 0 1 0 -4h2M0.5 -2.5h2a2 2 0 0 1 0 4h-2M-2 -0.5h4" />`}</g>`;
}

export function Drawing({ numbers, width, of, select, isOld, marks, incoming, view }) {
	const { step, about } = numbers;
	const [focused, focus] = useState(of), hover = useRef(() => {});
	const size = view.size === "projector" ? 1.5 : 1, plan = layout(step, width / size, Math.max(...step.shown[0].map((i) => about.features[i].length)));
	const zoom = size * Math.max(Math.min(width / size / plan.width, 660 / plan.height, 1.4), 1);  // of a wide page, more is filled
	const biases = (layer) => layer > 0 && about.has_biases && plan.layers[layer].full && !numbers.isOfParameters;
	const columns = walk(step, plan, numbers, biases);
	const known = columns.some((column) => column.some((one) => one.of === focused));
	const stop = known ? focused : columns[0][0].of;
	const drag = useDrag(numbers, isOld, select);
	// What every element of the drawing is; what it answers to stands at the drawing, as there are many.
	const part = (name, label) => ({
		"data-of": name, role: "button", tabindex: stop === name ? 0 : -1, "aria-label": label, "aria-pressed": of === name,
	});
	const named = ({ target }) => target.closest("[data-of]")?.dataset.of;
	const onKeyDown = (event) => {
		const { key } = event, name = named(event);
		if (!name || event.ctrlKey || event.metaKey || event.altKey) return;
		if (key === "Enter" || key === " ") select(name);
		else if (/^[+=\-_]$/.test(key)) nudge(name, numbers, ("+=".includes(key) ? 1 : -1) * (event.shiftKey && key !== "+" ? 0.1 : 1));
		else if (event.shiftKey && (key === "ArrowUp" || key === "ArrowDown")) nudge(name, numbers, key === "ArrowUp" ? 1 : -1);
		else if (key.startsWith("Arrow")) {
			const next = neighbor(columns, name, key);
			event.currentTarget.querySelector(`[data-of="${CSS.escape(next)}"]`)?.focus();
		} else return;
		event.preventDefault();
	};
	const shared = { numbers, plan, part, marks, of, focused };
	return html`<div class="network-scroll"><svg class=${`network ${numbers.lens}`} width=${Math.floor(plan.width * zoom)} height=${plan.height * zoom}
			viewBox=${`0 0 ${plan.width} ${plan.height}`} role="group" tabindex="-1" aria-label=${`The network. ${numbers.caption}`}
			onPointerDown=${(event) => { const name = named(event); if (name) drag.down(event, name); }}
			onPointerMove=${drag.move} onPointerUp=${drag.up} onPointerCancel=${drag.cancel} onKeyDown=${onKeyDown}
			onPointerOver=${(event) => hover.current(named(event) ?? "")} onPointerLeave=${() => hover.current("")}
			onFocusIn=${(event) => { const name = named(event); if (name) focus(name); }}>
		<${Heads} ...${shared} />
		${plan.edges.map((edges, l) => html`<${Edges} key=${l} edges=${edges} ...${shared} />`)}
		<${Ends} ...${shared} />
		<${Travel} numbers=${numbers} plan=${plan} />
		${plan.layers.map((_, layer) => html`<${Layer} key=${layer} layer=${layer} biases=${biases(layer)} ...${shared} />`)}
		${plan.strips.map((strip) => html`<${Strip} key=${strip.layer} strip=${strip} numbers=${numbers}
			incoming=${incoming} select=${select} of=${of} />`)}
		<${Hovered} plan=${plan} numbers=${numbers} setter=${hover} others=${[of, focused]} />
	</svg></div>`;
}

// The number of the edge under the pointer, where there is no room for all, but for `others`, which
// have theirs.
function Hovered({ plan, numbers, setter, others }) {
	const [name, hover] = useState("");
	setter.current = hover;
	const edges = plan.edges.find((one) => one.edges.some(({ of }) => of === name));
	if (!edges || edges.hasLabels || others.includes(name)) return null;
	const edge = edges.edges.find(({ of }) => of === name), { isMade, prefix, text, label } = edgeNumber(edge, { numbers });
	return html`<g class="edge-labels" aria-hidden="true"><text class="value near" x=${edge.at.x}
		y=${edge.at.y + 4}>${isMade ? `${prefix}${name} ${text}` : label}</text></g>`;
}

function Heads({ numbers, plan, marks }) {
	const { step, about, last } = numbers;
	return plan.layers.map((column, layer) => {
		const size = step.sizes[layer], shown = step.shown[layer].length;
		const title = layer === 0 ? "input" : layer === last ? "output" : `hidden ${layer}`;
		const below = shown < size ? `${shown} of ${whole(size)}, by |δ|` : layer ? about.activations[layer - 1] : "";
		return html`<g class="head" key=${layer}><text x=${column.x} y="14">${title}</text>
			<text class="faint" x=${column.x} y="30">${below}</text></g>`;
	}).concat(plan.edges.map(({ edges: [edge] }) => {
		const array = `W${edge.layer}`, mark = marks(array), x = (edge.x1 + edge.x2) / 2;
		return mark && html`<g class="head" key=${array}><text class="faint" x=${x} y="30">${array}</text>
			<${Mark} mark=${mark} x=${x} y="10" /></g>`;
	}), html`<g class="head" key="ends"><text x=${plan.target.x} y="14">target</text>
		<text x=${plan.loss.x} y="14">loss</text>
		<text class="faint" x=${plan.loss.x} y="30">${short(about.loss.replaceAll("_", " "), 21)}</text></g>`);
}

// The color of an edge: as thin lines are hard to see, never quite pale; gray about zero.
function strokeOf(share) {
	return Math.abs(share) < 0.02 ? "var(--line)" : color(Math.sign(share) * Math.max(Math.abs(share), 0.15), 1);
}

function edgeNumber(edge, { numbers, of, focused }) {
	const { layer, j, i } = edge, what = numbers.isOfParameters ? numbers.what : "value";
	const value = numbers.parameter(what, `W${layer}`, j, i), isMade = value !== null;
	const most = numbers.step.scales[numbers.isOfParameters ? numbers.lens : "weight"];
	const name = numbers.about.names[edge.of];
	const prefix = { value: "", gradient: "d", update: "Δ" }[what];
	const ends = [edge.of, `a${layer}[${j}]`, `b${layer}[${j}]`, layer > 1 ? `a${layer - 1}[${i}]` : `x[${i}]`];
	return {
		isMade, prefix, share: isMade ? Math.min(Math.abs(value) / most, 1) : 0,
		stroke: isMade && numbers.isOfParameters ? strokeOf(value / most) : undefined,
		text: isMade ? `${name ? `${name} ` : ""}${number(value, 3)}` : "",
		label: `${prefix}${edge.of}${name ? `, ${name}` : ""}: ${isMade ? `${number(value, 6)}, ${numbers.whenOf(`W${layer}`)}` : "not yet computed"}`,
		isNear: ends.includes(of) || ends.includes(focused),
		isOne: edge.of === of || edge.of === focused,
	};
}

function Edges({ edges, marks, ...shared }) {
	const { numbers, part, of } = shared;
	const all = edges.edges.map((edge) => ({ ...edge, ...edgeNumber(edge, shared), mark: marks(edge.of) }));
	const thick = all.length > 40 ? 2.5 : 4, thin = all.length > 40 ? 0.6 : 1;
	const isNow = ["dW", "W"].some((one) => numbers.now.has(`${one}${all[0].layer}`));
	return html`<g>${all.map((edge) => html`<g key=${edge.of}
			class=${`edge ${edge.isMade ? "" : "not-yet"} ${isNow ? "now" : ""} ${edge.of === of ? "selected" : ""}`} ...${part(edge.of, edge.label)}>
			<line class="reach" x1=${edge.x1} y1=${edge.y1} x2=${edge.x2} y2=${edge.y2} />
			<line class="wire" x1=${edge.x1} y1=${edge.y1} x2=${edge.x2} y2=${edge.y2}
				style=${{ stroke: edge.stroke, strokeWidth: thin + thick * edge.share }} />
		</g>`)}
		<g class="edge-labels" aria-hidden="true">${all.filter(({ mark, isMade, isOne }) => mark || (isMade && (edges.hasLabels || isOne))).map((edge) => html`<g key=${edge.of}>
			${edge.isMade && (edges.hasLabels || edge.isOne) && html`<text data-number=${edge.of}
				class=${`value ${edge.isNear ? "near" : ""} ${isNow ? "now" : ""}`} x=${edge.at.x} y=${edge.at.y + 4}>${edge.text}</text>`}
			<${Mark} mark=${edge.mark} x=${edge.lock.x} y=${edge.lock.y} /></g>`)}</g></g>`;
}

function Layer({ layer, numbers, plan, part, marks, of, biases }) {
	const { step, about, lens, last } = numbers, column = plan.layers[layer], most = step.scales[lens];
	const named = layer === 0 ? about.features
		: layer === last ? (about.classes.length === step.sizes[last] ? about.classes : step.sizes[last] === 1 ? [about.target] : []) : [];
	return step.shown[layer].map((i, place) => {
		const shown = numbers.neuron(layer, i), y = column.y(place), given = named[i];
		const isMade = shown.value !== null && shown.value !== undefined, off = numbers.mask(layer, i) === 0;
		const isNow = [`z${layer}`, `a${layer}`, `delta${layer}`, `da${layer}`].some((one) => numbers.now.has(one))
			|| (numbers.isOfParameters && layer > 0 && (numbers.now.has(`b${layer}`) || numbers.now.has(`db${layer}`)));
		const label = `${shown.name.replace("δ", "delta")}${given ? `, ${given}` : ""}: ${shown.value === undefined ? ""
			: isMade ? `${number(shown.value, 6)}, ${layer ? numbers.whenOfNeuron(layer) : `row ${step.row}`}` : "not yet computed"}${off ? ", switched off by dropout" : ""}`;
		const x = column.x - column.w / 2, top = y - column.h / 2;
		const bound = shown.of[0] === "b" ? marks(shown.of) : "";
		return html`<g key=${i}>
			<g class=${`neuron ${shown.value === null ? "not-yet" : ""} ${isNow ? "now" : ""} ${off ? "off" : ""} ${of === shown.of || of === `a${layer}[${i}]` ? "selected" : ""}`}
				...${part(shown.of, label)}>
				<title>${label}</title>
				<rect class="base" x=${x} y=${top} width=${column.w} height=${column.h} rx="7" />
				${isMade && html`<rect class="fill" x=${x} y=${top} width=${column.w} height=${column.h} rx="7" fill=${color(shown.value, most)} />`}
				${column.full ? html`
					${given && layer === 0 ? html`<text class="given" x=${column.x} y=${top + 15}>${shortened(named, i, Math.floor((column.w - 10) / 7))}</text>
						<text class="minor" x=${column.x} y=${top + 49}>${shown.name}</text>`
		: html`<text class="name" x=${column.x} y=${top + 15}>${shown.name}${given ? html`<tspan class="given"> ${short(given, 10)}</tspan>` : ""}</text>`}
					<text class="value" data-number=${shown.name} x=${column.x} y=${top + 33}>${isMade ? number(shown.value) : shown.value === null ? "·" : ""}</text>
					${shown.minor && html`<text class="minor" x=${column.x} y=${top + 49}>${shown.minor.name} ${shown.minor.value === null ? "·" : number(shown.minor.value)}</text>`}`
				: html`
					<text class="name start" x=${x + 6} y=${y + 4}>${given ? shortened(named, i, Math.floor((column.w - (isMade ? 62 : 16)) / 6.4)) : shown.name}</text>
					<text class="value end" data-number=${shown.name} x=${x + column.w - 6} y=${y + 4}>${isMade ? number(shown.value, 3) : shown.value === null ? "·" : ""}</text>`}
				<${Mark} mark=${bound} x=${x + column.w - 3} y=${top + 3} />
			</g>
			${biases && html`<${Bias} of=${`b${layer}[${i}]`} when=${numbers.whenOf(`b${layer}`)} value=${numbers.parameter("value", `b${layer}`, i)}
				x=${column.x} y=${top + column.h + 11} part=${part} mark=${marks(`b${layer}[${i}]`)} isSelected=${of === `b${layer}[${i}]`} />`}
		</g>`;
	});
}

function Bias({ of, value, when, x, y, part, mark, isSelected }) {
	const label = `${of}: ${number(value, 6)}, ${when}`;
	return html`<g class=${`bias ${isSelected ? "selected" : ""}`} ...${part(of, label)}><title>${label}</title>
		<rect x=${x - 40} y=${y - 8} width="80" height="16" rx="8" />
		<text x=${x} y=${y + 4}>b ${number(value, 3)}</text><${Mark} mark=${mark} x=${x + 46} y=${y} /></g>`;
}

function Ends({ numbers, plan, part, of }) {
	const { step, last, about } = numbers, from = plan.layers[last], { target, loss } = plan;
	const isThere = numbers.made.has("L"), rows = step.batch.length;
	const label = `L_i of row ${step.row}: ${isThere ? `${number(step.loss, 6)}, loss, step ${step.n}` : "not yet computed"}`;
	return html`<g class="ends">
		${step.shown[last].map((j, place) => html`<g key=${j}>
			<line class="wire" x1=${from.x + from.w / 2} y1=${from.y(place)} x2=${target.x - target.w / 2} y2=${from.y(place)} />
			<line class="wire" x1=${target.x + target.w / 2} y1=${from.y(place)} x2=${loss.x - loss.w / 2} y2=${loss.y} />
			<g class=${`target ${of === `y[${j}]` ? "selected" : ""}`} ...${part(`y[${j}]`, `target y[${j}] of row ${step.row}: ${number(step.y[j], 6)}`)}>
				<title>${`y[${j}] of row ${step.row}${step.sizes[last] > 1 && about.classes[j] ? `, ${about.classes[j]}` : ""}`}</title>
				<rect class="base" x=${target.x - target.w / 2} y=${from.y(place) - target.h / 2} width=${target.w} height=${target.h} rx="3" />
				<text class="name start" x=${target.x - target.w / 2 + 6} y=${from.y(place) + 4}>y[${j}]</text>
				<text class="value end" x=${target.x + target.w / 2 - 6} y=${from.y(place) + 4}>${number(step.y[j], 3)}</text>
			</g></g>`)}
		<g class=${`loss ${isThere ? "" : "not-yet"} ${numbers.now.has("L") ? "now" : ""} ${of === "L" ? "selected" : ""}`} ...${part("L", label)}>
			<title>${label}</title>
			<rect class="base" x=${loss.x - loss.w / 2} y=${loss.y - loss.h / 2} width=${loss.w} height=${loss.h} rx="7" />
			<text class="name" x=${loss.x} y=${loss.y - 14}>L of row ${step.row}</text>
			<text class="value" data-number="L" x=${loss.x} y=${loss.y + 4}>${isThere ? number(step.loss) : "·"}</text>
			<text class="minor" x=${loss.x} y=${loss.y + 22}>${rows > 1 && isThere ? `batch ${number(step.cost)}` : ""}</text>
		</g></g>`;
}
