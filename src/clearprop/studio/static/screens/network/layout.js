// Where everything stands in the drawing: columns of neurons from the input to the loss, edges
// between those that are shown, and of wide layers a strip below. Lengths are in pixels.

const TOP = 46, BELOW = 12, LABEL = 46, LINE = 13, MOST_LABELS = 16;

// How far neurons of a column stand apart.
function apart(n) {
	return n <= 3 ? 116 : n <= 5 ? 96 : n <= 8 ? 52 : n <= 13 ? 40 : 34;
}

function column(n, height, x, boxWidth) {
	const d = Math.min(apart(n), n > 1 ? height / n : height);
	const full = d >= 70;
	return { d, full, x, w: boxWidth, h: full ? 56 : Math.min(26, d - 5),
		y: (place) => TOP + height / 2 + (place - (n - 1) / 2) * d };
}

// `longest`: letters of the longest name of an input.
export function layout(step, width, longest) {
	const counts = step.shown.map((shown) => shown.length), last = counts.length - 1;
	const narrow = width < 640, boxWidth = narrow ? 92 : 108;
	const gap = narrow ? 16 : 26, targetWidth = narrow ? 64 : 76, lossWidth = 112;
	const ends = 2 * gap + targetWidth + lossWidth + boxWidth + 8;  // what stands right of the output
	const pitch = Math.min(Math.max((width - ends) / last, boxWidth + (narrow ? 44 : 56)), 250);
	const targets = step.shown[last];
	const height = Math.max(...counts.map((n) => n * apart(n)), targets.length * 44, 190);
	// Boxes of inputs are wider where names need it, and that leaves their edges room.
	const more = Math.max(Math.min(pitch - 90, 62 + 6.4 * longest) - boxWidth, 0);
	const x = (at) => boxWidth / 2 + 4 + at * pitch;
	const layers = counts.map((n, layer) => column(n, height, x(layer), boxWidth));
	Object.assign(layers[0], { x: layers[0].x + more / 2, w: boxWidth + more });
	const target = { ...layers[last], x: x(last) + boxWidth / 2 + gap + targetWidth / 2, w: targetWidth, h: Math.min(34, layers[last].h) };
	const loss = { x: target.x + targetWidth / 2 + gap + lossWidth / 2, y: TOP + height / 2, w: lossWidth, h: 62 };
	const strips = step.sizes.flatMap((size, layer) => {
		if (size === counts[layer]) return [];
		const across = Math.ceil(Math.sqrt(size)), cell = Math.min(14, boxWidth / across);
		return [{ layer, size, across, cell, x: layers[layer].x - (across * cell) / 2, y: TOP + height + 26,
			width: across * cell, height: Math.ceil(size / across) * cell }];
	});
	const low = strips.length ? Math.max(...strips.map((strip) => strip.height)) + 34 : 0;
	return {
		layers, target, loss, strips,
		width: Math.ceil(loss.x + lossWidth / 2 + 4), height: TOP + height + BELOW + low,
		edges: layers.slice(1).map((to, l) => edges(step, l + 1, layers[l], to)),
	};
}

function edges(step, layer, from, to) {
	const sources = step.shown[layer - 1], goals = step.shown[layer];
	const x1 = from.x + from.w / 2, x2 = to.x - to.w / 2;
	const at = whereLabels(sources.length, goals.length, from.d, to.d, x2 - x1);
	const found = goals.flatMap((j, goal) => sources.map((i, source) => {
		const y1 = from.y(source), y2 = to.y(goal), t = at ?? 0.5;
		return { of: `W${layer}[${j},${i}]`, layer, j, i, x1, y1, x2, y2,
			at: { x: x1 + (x2 - x1) * t, y: y1 + (y2 - y1) * t }, lock: { x: x2 - 12, y: y2 - ((y2 - y1) * 12) / (x2 - x1) } };
	}));
	return { edges: found, hasLabels: at !== null };
}

// Where along the edges numbers keep clear of each other: near enough to one side that those of a
// neuron are passed before the next neuron's begin. Null: there is no such place.
function whereLabels(sources, goals, d1, d2, gap) {
	if (sources * goals > MOST_LABELS) return null;
	if (sources === 1 || goals === 1) return gap >= LABEL + 8 ? 0.5 : null;
	const left = d1 / (d1 + goals * d2), right = 1 - d2 / (d2 + sources * d1);
	const options = [{ t: left, space: left * d2 }, { t: right, space: (1 - right) * d1 }]
		.filter(({ t, space }) => space >= LINE && Math.min(t, 1 - t) * gap >= LABEL / 2 - 2);
	return options.sort((a, b) => b.space - a.space)[0]?.t ?? null;
}

// The elements in the order in which arrow keys go through them: columns from left to right.
export function walk(step, plan, numbers, biases) {
	const columns = [];
	plan.layers.forEach((_, layer) => {
		if (layer > 0) columns.push(plan.edges[layer - 1].edges.map(({ of, i, j }) => ({ of, from: [layer - 1, i], to: [layer, j] })));
		columns.push(step.shown[layer].flatMap((i) => {
			const { of } = numbers.neuron(layer, i), at = [layer, i];
			return [{ of, at }, ...(biases(layer) ? [{ of: `b${layer}[${i}]`, at }] : [])];
		}));
	});
	const last = plan.layers.length - 1;
	columns.push(step.shown[last].map((j) => ({ of: `y[${j}]`, at: [last + 1, j] })), [{ of: "L", at: [last + 2, 0] }]);
	return columns;
}

const same = (a, b) => a && b && a[0] === b[0] && a[1] === b[1];

// The next element from one, by an arrow key.
export function neighbor(columns, of, key) {
	const c = columns.findIndex((column) => column.some((one) => one.of === of));
	if (c < 0) return columns[0][0].of;
	const place = columns[c].findIndex((one) => one.of === of), here = columns[c][place];
	if (key === "ArrowUp" || key === "ArrowDown")
		return columns[c][place + (key === "ArrowDown" ? 1 : -1)]?.of ?? of;
	const beside = columns[c + (key === "ArrowRight" ? 1 : -1)];
	if (!beside) return of;
	const touches = (one) => (key === "ArrowRight"
		? same(one.from, here.at) || same(one.at, here.to) : same(one.to, here.at) || same(one.at, here.from))
		|| (one.at && here.at && one.at[1] === here.at[1]);
	return (beside.find(touches) ?? beside[0]).of;
}
