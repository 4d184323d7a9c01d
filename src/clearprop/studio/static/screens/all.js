// The screens, in the order in which they stand in the head of the page.
import { ClassroomScreen } from "studio/screens/classroom";
import { DerivationScreen } from "studio/screens/derivation";
import { CurvesScreen } from "studio/screens/curves";
import { DataScreen } from "studio/screens/data";
import { NetworkScreen } from "studio/screens/network";
import { StartScreen } from "studio/screens/start";
import { isReplay } from "studio/source";

// `always`: also where no run can be made of the setup.
// Screen is given `about`, what does not change, and `step`, the numbers of the step looked at.
export const SCREENS = [
  !isReplay && { name: "start", title: "Start", Screen: StartScreen, always: true },
  { name: "network", title: "Network", Screen: NetworkScreen },
  !isReplay && { name: "derivation", title: "Derivation", Screen: DerivationScreen },
  !isReplay && { name: "data", title: "Data", Screen: DataScreen },
  { name: "curves", title: "Curves", Screen: CurvesScreen },
  !isReplay && { name: "classroom", title: "Classroom", Screen: ClassroomScreen },
].filter(Boolean);
