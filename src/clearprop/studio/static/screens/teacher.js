// For the teacher: what students see, as an address to hand on.
import { html } from "studio/html";
import { SCREENS } from "studio/screens/all";
import { address, look, useStudio } from "studio/state";

const OTHERS = [
	["timeline", "the timeline"], ["teacher", "this page"], ["sheet", "worksheets"], ["predict", "predictions"],
];

export function Teacher() {
	const { setup, view } = useStudio();
	const hidden = view.hide.split(",").filter(Boolean);
	const parts = [...SCREENS.map(({ name, title }) => [name, `the screen ${title}`]), ...OTHERS];
	const toggle = (name, isHidden) =>
		look({ hide: (isHidden ? [...hidden, name] : hidden.filter((one) => one !== name)).join(",") });
	const link = (student) => address({
		setup, view: { ...view, part: "predict", student, hide: [...new Set([...hidden, "teacher"])].join(",") } });
	return html`<section class="teacher" aria-label="For the teacher">
		<fieldset><legend>Hide from students</legend>${parts.filter(([name]) => name !== "classroom").map(([name, words]) =>
			html`<label key=${name}><input type="checkbox" checked=${hidden.includes(name)}
				onChange=${(e) => toggle(name, e.target.checked)} /> ${words}</label>`)}
			<p>This is a convenience, not a lock: whoever changes the address sees everything.</p></fieldset>
		<label>Size <select value=${view.size || "normal"} onChange=${(e) => look({ size: e.target.value })}>
			<option value="normal">normal</option><option value="projector">for a projector</option></select></label>
		<h2>Links for students</h2>
		<p>Each student runs <code>clearprop studio</code> and puts their line behind the address that it prints${
			/^table:/.test(setup.data) && ", once the same file was dropped there"}. Worksheets
			have numbers of the student's own; predictions have those of the run.</p>
		<ol class="links">${["1", "2", "3", "4", "5"].map((student) =>
			html`<li key=${student}><a href=${link(student)}>${link(student)}</a></li>`)}</ol>
	</section>`;
}
