// What the server says while a run moves: one question at a time is under way, and when its answer
// is there, the newest is asked. (`useAnswer` drops a question once there is another.)
import { useEffect, useRef, useState } from "preact/hooks";
import { ask, query } from "studio/source";

const sleep = (time) => new Promise((resolve) => { setTimeout(resolve, time); });

// gap: milliseconds between two questions at least.
export function useLatest(name, pairs, { wanted = true, gap = 0 } = {}) {
  const [found, set] = useState({ answer: null, error: null });
  const box = useRef({ busy: false, ended: false, done: null }).current;
  box.question = wanted ? `${name}?${query(pairs)}` : null;
  box.pairs = pairs;
  useEffect(() => { follow(box, name, gap, set); }, [box.question]);
  useEffect(() => {
    box.ended = false;
    return () => { box.ended = true; };
  }, []);
  return found;
}

async function follow(box, name, gap, set) {
  if (box.busy) return;
  box.busy = true;
  let reached = -1;
  while (!box.ended && box.question !== null && box.question !== box.done) {
    const { question, pairs } = box;
    try {
      const answer = await ask(name, pairs);
      if (!box.ended) set({ answer, error: null });
      // A step that is further than a second of steps is asked for until the run has come to it.
      const goes = answer.n !== undefined && pairs.n !== undefined && answer.n < Number(pairs.n)
        && answer.n > reached;
      reached = answer.n;
      if (!goes) box.done = question;
    } catch (error) {
      if (!box.ended) set((before) => ({ ...before, error: error.message }));
      box.done = question;
    }
    if (gap) await sleep(gap);
  }
  box.busy = false;
}
