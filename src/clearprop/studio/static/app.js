// The page: a head with the screens, the timeline, and the screen that is looked at.
import { render } from "preact";
import { useEffect, useMemo } from "preact/hooks";
import { useAnswer } from "studio/answers";
import { counted, number } from "studio/format";
import { alerted, html } from "studio/html";
import { Roving } from "studio/roving";
import { SCREENS } from "studio/screens/all";
import { edits } from "studio/screens/network/editing";
import { useLive } from "studio/live";
import { CopyAsPython } from "studio/program";
import { NotHere, ReplayBar } from "studio/replay";
import { SaveReplay } from "studio/saving";
import { isReplay } from "studio/source";
import { lasting, look, useStudio } from "studio/state";
import { Timeline } from "studio/timeline";

// What no edit changes, nor that a run goes on but for its total.
function useAbout(setup) {
	const found = useAnswer("about", { ...lasting(setup), edit: "" });
	const total = setup.t && Number(setup.t.split(".")[1]);
	const answer = useMemo(() => found.answer && total ? { ...found.answer, total } : found.answer, [found.answer, total]);
	return { ...found, answer };
}

// Settings that hold at step n since a step of their own, the last of each name.
function turned(n) {
	const found = edits().filter((one) => one.words && one.n <= n && !/frozen|shared/.test(one.name)).sort((a, b) => a.n - b.n);
	return [...new Map(found.map((one) => [one.name, `, ${one.name}=${one.words} from step ${one.n} on`])).values()];
}

// Past the head and the timeline. The address is the page's own: no anchor may stand in it.
function toScreen(event) {
	event.preventDefault();
	document.querySelector("main").focus();
}

const AWAY = "The program that trains does not answer. Has it ended, or begun anew?";

function App() {
	const { setup, view } = useStudio();
	const isAway = useLive(setup);
	const about = useAbout(setup);
	const step = useAnswer("step", { ...setup, n: view.n, sample: view.sample, also: view.also }, !!about.answer);
	const screen = SCREENS.find(({ name }) => name === view.screen)
		?? (isReplay ? { name: view.screen, Screen: NotHere, always: true } : SCREENS.find(({ name }) => name === "network"));
	const isThere = !!step.answer && !step.isOld && (step.answer.n === view.n || step.answer.ended);
	const hidden = view.hide.split(",");
	useEffect(() => {
		document.documentElement.dataset.size = view.size;
	}, [view.size]);
	useEffect(() => {
		document.title = about.answer ? `${about.answer.title}: Clearprop studio` : "Clearprop studio";
	}, [about.answer]);
	const isSaid = isReplay && !["network", "curves"].includes(screen.name);  // by the screen itself
	const error = about.error ?? (isSaid ? null : step.error) ?? step.answer?.failed ?? (isAway ? AWAY : null);
	return html`
		<a class="skip" href="#app" onClick=${toScreen}>To the screen</a>
		<header>
			<h1><a href="#">Clearprop</a></h1>
			<nav><${Roving} aria-label="Screens">${SCREENS.filter(({ name }) => !hidden.includes(name)).map(
				({ name, title }) => html`<button key=${name} aria-current=${screen.name === name ? "page" : undefined}
					onClick=${() => look({ screen: name }, true)}>${title}</button>`)}<//></nav>
			${!isReplay && !hidden.includes("replay") && html`<${SaveReplay} pairs=${{ ...setup, n: view.n, sample: view.sample }} />`}
		</header>
		${isReplay && html`<${ReplayBar} />`}
		${alerted(error)}
		${about.answer && html`<p class="about">${about.answer.title}: ${about.answer.sizes.join("-")},
			${" "}${about.answer.loss}, <code>${about.answer.optimizer}</code>${turned(view.n)}, ${counted(about.answer.rows, "row")}
			${step.answer && screen.name !== "classroom" && html`, L = ${number(step.answer.cost, 5)}`}
			${" "}<${CopyAsPython} /></p>`}
		${!hidden.includes("timeline") && html`<${Timeline} about=${about.answer} step=${step.answer} isOld=${step.isOld} />`}
		<main tabindex="-1" data-ready=${!!about.answer && isThere}>${(about.answer || screen.always) && html`<${screen.Screen} about=${about.answer} step=${step.answer} isOld=${step.isOld} />`}</main>`;
}

render(html`<${App} />`, document.getElementById("app"));
