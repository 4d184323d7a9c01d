// "Copy as Python": the server's program for the run up to the step that is looked at.
import { useRef, useState } from "preact/hooks";
import { alerted, html } from "studio/html";
import { ask } from "studio/source";
import { state } from "studio/state";

export function CopyAsPython() {
	const dialog = useRef(null);
	const [made, set] = useState({});
	const open = async () => {
		try {
			set(await ask("python", { ...state.setup, n: state.view.n }));
		} catch (error) {
			set({ error: error.message });
		}
		dialog.current.showModal();
	};
	const copy = async () => {
		try {
			await navigator.clipboard.writeText(made.code);
			set({ ...made, said: "Copied." });
		} catch {
			set({ ...made, said: "The browser does not let it be copied: select it, and press Ctrl-C." });
		}
	};
	return html`<button class="python" onClick=${open}>Copy as Python</button>
		<dialog ref=${dialog} class="program" aria-label="This run as a program">
			${made.error ? alerted(made.error) : html`<p>This program makes the very numbers of this run, to the bit, up to step ${made.n}.</p>
				<pre tabindex="0">${made.code}</pre>`}
			<p>${!made.error && html`<button onClick=${copy} autofocus>Copy</button>${" "}`}
				<button onClick=${() => dialog.current.close()}>Close</button>
				<span role="status">${made.said}</span></p>
		</dialog>`;
}
