// A run that goes on by itself: the server announces its steps, and the page follows while it stands
// at the last one. An event source connects anew by itself.
import { useEffect } from "preact/hooks";
import { isReplay, place } from "studio/source";
import { tick } from "studio/state";

export function useLive(setup) {
  const isLive = setup.data === "live" && !isReplay;
  useEffect(() => {
    if (!isLive) return undefined;
    const events = new EventSource(place("events", {}));
    events.onmessage = ({ data }) => {
      const { run, total, epoch } = JSON.parse(data);
      tick(run, total, epoch);
    };
    return () => events.close();
  }, [isLive]);
}
