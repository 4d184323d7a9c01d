// The screens, in the order in which they stand in the head of the page.
import { HealthScreen } from "studio/screens/health";
import { HillScreen } from "studio/screens/hill";
import { NetworkScreen } from "studio/screens/network";

// Screen is given `about`, what does not change, and `step`, the numbers of the step looked at.
export const SCREENS = [
  { name: "network", title: "Network", Screen: NetworkScreen },
  { name: "hill", title: "Hill", Screen: HillScreen },
  { name: "health", title: "Health", Screen: HealthScreen },
];
