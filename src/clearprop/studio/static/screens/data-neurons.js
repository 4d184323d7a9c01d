// A small map of each neuron, in the order of the layers; one that is chosen is shown large.
import { number, whole } from "studio/format";
import { html } from "studio/html";
import { MapCanvas, MapLine } from "studio/maps";
import { Roving } from "studio/roving";
import { look } from "studio/state";

export function NeuronMaps({ maps, chosen }) {
	if (!maps) return null;
	const last = maps.layers.length - 1;
	return html`<div class="neuron-layers">${maps.layers.map((layer, k) => html`
		<${Roving} class="neuron-layer" key=${k} aria-label=${`Layer ${k + 1}`}>
			<h3>${k === last ? "Output" : `Layer ${k + 1}`} <small>${layer.activation}${maps.kind === "line" ? "" : `, full color at ±${number(layer.most)}`}${
				layer.maps.length < layer.of ? `, ${layer.maps.length} of ${whole(layer.of)}` : ""}</small></h3>
			<div>${layer.maps.map((map) => html`<${Neuron} key=${map.name} map=${map} maps=${maps} isChosen=${chosen === map.name} />`)}</div>
		<//>`)}</div>`;
}

function Neuron({ map, maps, isChosen }) {
	const range = `${number(map.low, 2)} to ${number(map.high, 2)}`;
	const label = `${map.name} over the plane: ${range}`;
	return html`<button class="neuron" aria-pressed=${isChosen} title=${`${map.name}: ${range}`}
		onClick=${() => look({ map: isChosen ? "" : map.name })}>
		${maps.kind === "line" ? html`<${MapLine} map=${map} label=${label} />` : html`<${MapCanvas} map=${map} size=${maps.size} label=${label} />`}
		<b>${map.name}</b><span class="number">${number(map.low, 2)} … ${number(map.high, 2)}</span>
	</button>`;
}
