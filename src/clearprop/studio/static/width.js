// The width of an element, as the window changes; 0 before it is known.
import { useEffect, useRef, useState } from "preact/hooks";

export function useWidth() {
	const box = useRef(null), [width, set] = useState(0);
	useEffect(() => {
		if (!box.current) return undefined;
		const watching = new ResizeObserver(([entry]) => set(Math.round(entry.contentRect.width)));
		watching.observe(box.current);
		return () => watching.disconnect();
	}, []);
	return [box, width];
}
