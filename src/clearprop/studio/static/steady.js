// Answers that take a while, for a state that changes quickly: one question at a time is asked,
// and then the one that is wanted by then. The last answer stays until the next is there.
import { useEffect, useRef, useState } from "preact/hooks";
import { ask, query } from "studio/source";

// `calm`: milliseconds for which the question has to stay the same.
export function useSteady(name, pairs, wanted = true, calm = 0) {
  const [found, set] = useState({ answer: null, error: null, of: "" });
  const [again, next] = useState(0);
  const isAsking = useRef(false), gone = useRef(false), reached = useRef(-1);
  const question = wanted ? query(pairs) : null;
  useEffect(() => () => { gone.current = true; }, []);
  useEffect(() => {
    if (question === null || question === found.of || isAsking.current) return undefined;
    const timer = setTimeout(() => {
      isAsking.current = true;
      ask(name, pairs).then(
        (answer) => ({ answer, error: null }), (error) => ({ answer: null, error: error.message }),
      ).then((said) => {
        isAsking.current = false;
        if (gone.current) return;
        // A run that is not there yet goes on while it is asked again.
        const isShort = said.answer?.n < Number(pairs.n) && said.answer.n !== reached.current;
        reached.current = said.answer?.n ?? -1;
        set((before) => ({
          answer: said.answer ?? before.answer, error: said.error, of: isShort ? "" : question,
        }));
        next((n) => n + 1);
      });
    }, calm);
    return () => clearTimeout(timer);
  }, [question, again]);
  return { ...found, isOld: found.of !== question };
}
