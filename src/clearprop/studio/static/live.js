// A run that goes on by itself: the page asks how far it has come, and follows while it stands at
// the last step.
import { useEffect } from "preact/hooks";
import { ask } from "studio/source";
import { state, tick } from "studio/state";

const EVERY = 400;

export function useLive(setup) {
  const isLive = setup.data === "live";
  useEffect(() => {
    if (!isLive) return undefined;
    let asked = 0, ended = false;
    const look = async () => {
      try {
        // Each time another question, as what is known is not asked again.
        const { total } = await ask("about", { data: "live", t: `${Date.now()}.${asked++}` });
        if (!ended && Number(state.setup.t ?? 0) !== total) tick(total);
      } catch {
        // The run has not begun, or its process has ended: what was seen stays.
      }
    };
    const timer = setInterval(look, EVERY);
    look();
    return () => {
      ended = true;
      clearInterval(timer);
    };
  }, [isLive]);
}
