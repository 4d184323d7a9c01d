// Motion: at an operation, what it reads travels along the edges to where it is used: values on, deltas
// back; for a gradient both, until they meet on the weight. Nothing moves where motion is unwanted.
import { useLayoutEffect, useRef } from "preact/hooks";
import { color, number } from "studio/format";
import { html } from "studio/html";

const DURATION = 750, MOST = 160, MOST_NUMBERS = 16;
const still = matchMedia("(prefers-reduced-motion: reduce)");

// The ways of an operation: {from, to, value, most} each.
function ways(numbers, plan) {
	const { step, op, about } = numbers, operation = about.operations[op];
	if (!operation) return [];
	const { layer, makes: [made] } = operation, { activation, delta } = step.scales, last = plan.layers.length - 1;
	const start = ({ x1, y1 }) => [x1, y1], end = ({ x2, y2 }) => [x2, y2], mid = ({ at }) => [at.x, at.y];
	const on = (edge, to) => ({ from: start(edge), to, value: step.a[edge.layer - 1][edge.i], most: activation });
	const back = (edge, to) => ({ from: end(edge), to, value: step.delta[edge.layer - 1][edge.j], most: delta });
	if (made === `z${layer}`) return plan.edges[layer - 1].edges.map((edge) => on(edge, end(edge)));
	if (made === `da${layer}`) return plan.edges[layer].edges.map((edge) => back(edge, start(edge)));
	if (made === `dW${layer}`) return plan.edges[layer - 1].edges.flatMap((edge) => [on(edge, mid(edge)), back(edge, mid(edge))]);
	const { target, loss } = plan, outputs = plan.layers[last], boxes = step.shown[last];
	if (made === "L") return boxes.map((j, place) => ({ from: [outputs.x + outputs.w / 2, outputs.y(place)], to: [loss.x - loss.w / 2, loss.y],
		value: step.a[last][j], most: activation }));
	if (made === `delta${last}`) return boxes.map((j, place) => ({ from: [target.x - target.w / 2, outputs.y(place)],
		to: [outputs.x + outputs.w / 2, outputs.y(place)], value: step.delta[last - 1][j], most: delta }));
	return [];
}

export function Travel({ numbers, plan }) {
	const group = useRef(null), before = useRef({ n: -1, op: -1 });
	const { op, step } = numbers;
	const { n: lastN, op: lastOp } = before.current;
	const isOn = op >= 0 && ((step.n === lastN && op === lastOp + 1) || (step.n === lastN + 1 && op === 0));
	const found = useRef([]);
	if (step.n !== lastN || op !== lastOp) {
		found.current = isOn && !still.matches ? ways(numbers, plan).slice(0, MOST) : [];
		before.current = { n: step.n, op };
	}
	useLayoutEffect(() => {
		[...group.current.children].forEach((dot, at) => {
			const { from, to } = found.current[at];
			dot.animate([{ transform: `translate(${from[0]}px,${from[1]}px)`, opacity: 1 },
				{ transform: `translate(${to[0]}px,${to[1]}px)`, opacity: 1, offset: 0.85 },
				{ transform: `translate(${to[0]}px,${to[1]}px)`, opacity: 0 }],
			{ duration: DURATION, easing: "ease-in-out", fill: "forwards" });
		});
	}, [step.n, op]);
	const isNumbered = found.current.length <= MOST_NUMBERS;
	return html`<g class="travel" aria-hidden="true" ref=${group}>${found.current.map(({ value, most }, at) => html`<g
		key=${`${step.n} ${op} ${at}`} opacity="0"><circle r="5" fill=${color(value, most)} />
		${isNumbered && html`<text y="-8">${number(value, 3)}</text>`}</g>`)}</g>`;
}
