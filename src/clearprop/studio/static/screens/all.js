// The screens, in the order in which they stand in the head of the page.
import { ClassroomScreen } from "studio/screens/classroom";
import { DerivationScreen } from "studio/screens/derivation";
import { CurvesScreen } from "studio/screens/curves";
import { DataScreen } from "studio/screens/data";
import { HealthScreen } from "studio/screens/health";
import { HillScreen } from "studio/screens/hill";
import { NetworkScreen } from "studio/screens/network";
import { StartScreen } from "studio/screens/start";
import { held } from "studio/source";

// `always`: also where no run can be made of the setup.
// Screen is given `about`, what does not change, and `step`, the numbers of the step looked at.
export const SCREENS = [
	{ name: "start", title: "Start", Screen: StartScreen, always: true },
	{ name: "network", title: "Network", Screen: NetworkScreen },
	{ name: "derivation", title: "Derivation", Screen: DerivationScreen },
	{ name: "hill", title: "Hill", Screen: HillScreen },
	{ name: "data", title: "Data", Screen: DataScreen },
	{ name: "curves", title: "Curves", Screen: CurvesScreen },
	{ name: "health", title: "Health", Screen: HealthScreen },
	{ name: "classroom", title: "Classroom", Screen: ClassroomScreen },
].filter(({ name }) => !held || held.screens.includes(name));
