// The screens, in the order in which they stand in the head of the page.
import { ClassroomScreen } from "studio/screens/classroom";
import { HealthScreen } from "studio/screens/health";
import { HillScreen } from "studio/screens/hill";
import { NetworkScreen } from "studio/screens/network";
import { isReplay } from "studio/source";

// Screen is given `about`, what does not change, and `step`, the numbers of the step looked at.
export const SCREENS = [
  { name: "network", title: "Network", Screen: NetworkScreen },
  !isReplay && { name: "hill", title: "Hill", Screen: HillScreen },
  !isReplay && { name: "health", title: "Health", Screen: HealthScreen },
  !isReplay && { name: "classroom", title: "Classroom", Screen: ClassroomScreen },
].filter(Boolean);
