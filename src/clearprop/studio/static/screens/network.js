// The network: layers drawn with their numbers.
import { html } from "studio/html";
import { number } from "studio/format";

export function NetworkScreen({ about, step }) {
  if (!step) return null;
  return html`<pre>${step.a.map((layer, l) => `a${l} ${layer.map((v) => number(v)).join("  ")}\n`)}</pre>`;
}
