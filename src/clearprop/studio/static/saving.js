// Saving a replay: the server says how far it is, and sends the page at the end. It takes some seconds.
import { useEffect, useRef, useState } from "preact/hooks";
import { html } from "studio/html";
import { place } from "studio/source";

// Save the replay of a run. `told` gets {done, words} on the way; `signal` ends it, here and there.
async function saveReplay(pairs, { signal, told }) {
	const response = await fetch(place("replay", { ...pairs, told: 1 }), { signal });
	if (!response.ok) throw new Error((await response.json()).error);
	const reader = response.body.getReader(), decoder = new TextDecoder();
	const page = [];
	let text = "", isPage = false;
	for (;;) {
		const { done, value } = await reader.read();
		if (done) break;
		if (isPage) page.push(value);
		else {
			text += decoder.decode(value, { stream: true });
			for (let end = text.indexOf("\n"); end >= 0 && !isPage; end = text.indexOf("\n")) {
				const line = JSON.parse(text.slice(0, end));
				text = text.slice(end + 1);
				if (line.error) throw new Error(line.error);
				isPage = line.done === 1;
				told(line);
			}
			if (isPage) page.push(text);
		}
	}
	if (!isPage) throw new Error("The studio ended before the replay was written.");
	download(page, "text/html", "clearprop-replay.html");
}

export function download(parts, type, name) {
	const link = document.createElement("a");
	link.href = URL.createObjectURL(new Blob(parts, { type }));
	link.download = name;
	link.click();
	setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}

export function SaveReplay({ pairs }) {
	const [now, set] = useState(null);  // {done, words}, {error} or {isSaved}
	const control = useRef(null);
	useEffect(() => () => control.current?.abort(), []);
	const save = async () => {
		control.current = new AbortController();
		set({ done: 0, words: "" });
		try {
			await saveReplay(pairs, { signal: control.current.signal, told: set });
			set({ isSaved: true });
		} catch (error) {
			set(error.name === "AbortError" ? null : { error: error.message });
		}
	};
	const isSaving = now?.done !== undefined;
	return html`<span class="save" role="group" aria-label="Replay">
		<span role="status">${isSaving ? "Saving …" : now?.isSaved ? "Saved." : ""}</span>
		${now?.error && html`<span class="error" role="alert">${now.error}</span>`}
		${isSaving ? html`<progress max="1" value=${now.done} aria-label="Saved" title=${now.words}></progress>
				<button onClick=${() => control.current.abort()}>Stop saving</button>`
			: html`<button onClick=${save} title="One HTML file that needs no server; it takes some seconds">Save replay</button>`}</span>`;
}
