// What the server says, for components: the last answer stays until the next is there.
import { useEffect, useState } from "preact/hooks";
import { ask, query } from "studio/source";

export function useAnswer(name, pairs, wanted = true) {
  const [found, set] = useState({ answer: null, error: null, of: "" });
  const question = wanted ? query(pairs) : null;
  useEffect(() => {
    if (question === null) return undefined;
    const control = new AbortController();
    ask(name, pairs, control.signal).then(
      (answer) => control.signal.aborted || set({ answer, error: null, of: question }),
      (error) => error.name === "AbortError" || control.signal.aborted
        || set((before) => ({ ...before, error: error.message, of: question })),
    );
    return () => control.abort();
  }, [name, question]);
  return { ...found, isOld: found.of !== question };
}
