// The width of an element, as the window changes.
import { useLayoutEffect, useRef, useState } from "preact/hooks";

export function useWidth() {
	const box = useRef(null), [width, set] = useState(0);
	useLayoutEffect(() => {
		if (!box.current) return undefined;
		set(box.current.clientWidth);
		const watching = new ResizeObserver(([entry]) => set(Math.round(entry.contentRect.width)));
		watching.observe(box.current);
		return () => watching.disconnect();
	}, []);
	return [box, width];
}
