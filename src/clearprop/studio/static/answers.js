// What the server says, for components: the last answer stays until the next is there.
import { useEffect, useState } from "preact/hooks";
import { ask, query } from "studio/source";

const RETRY = 1500;

export function useAnswer(name, pairs, wanted = true) {
  const [found, set] = useState({ answer: null, error: null, of: "" });
  const question = wanted ? query(pairs) : null;
  useEffect(() => {
    if (question === null) return undefined;
    const control = new AbortController();
    let again;
    const next = () => ask(name, pairs, control.signal).then(
      (answer) => {
        if (control.signal.aborted) return;
        set({ answer, error: null, of: question });
        if (answer.n < Number(pairs.n) && answer.ended === false) next();  // not yet reached
      },
      (error) => {
        if (error.name === "AbortError" || control.signal.aborted) return;
        set((before) => ({ ...before, error: error.message, of: question }));
        if (error.isAway) again = setTimeout(next, RETRY);
      },
    );
    next();
    return () => {
      control.abort();
      clearTimeout(again);
    };
  }, [name, question]);
  return { ...found, isOld: found.of !== question };
}

// The same, one question after the other: what changes while an answer is under way, as when the
// run is played, is asked for next. For answers that take longer than a picture of a moving run.
export function usePacedAnswer(name, pairs) {
  const [asked, askFor] = useState(pairs);
  const found = useAnswer(name, asked);
  const isNext = query(pairs) !== query(asked);
  useEffect(() => {
    if (isNext && !found.isOld) askFor(pairs);
  });
  return { ...found, isOld: found.isOld || isNext };
}
