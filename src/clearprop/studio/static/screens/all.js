// The screens, in the order in which they stand in the head of the page.
import { ClassroomScreen } from "studio/screens/classroom";
import { CurvesScreen } from "studio/screens/curves";
import { DataScreen } from "studio/screens/data";
import { NetworkScreen } from "studio/screens/network";
import { isReplay } from "studio/source";

// Screen is given `about`, what does not change, and `step`, the numbers of the step looked at.
export const SCREENS = [
  { name: "network", title: "Network", Screen: NetworkScreen },
  !isReplay && { name: "data", title: "Data", Screen: DataScreen },
  { name: "curves", title: "Curves", Screen: CurvesScreen },
  !isReplay && { name: "classroom", title: "Classroom", Screen: ClassroomScreen },
].filter(Boolean);
