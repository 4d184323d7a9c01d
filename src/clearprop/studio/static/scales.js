// Axes of plots: where a value stands between the ends, and which values are marked.

const DECADES = 12; // of a log axis: what is smaller beside the largest is left out

// Values at even distances, 1, 2 or 5 times a power of ten, so many at most.
function rounds(low, high, most) {
	const least = (high - low) / most, power = 10 ** Math.floor(Math.log10(least));
	const apart = [1, 2, 5, 10].find((times) => times * power >= least * 0.999) * power;
	const first = Math.ceil(low / apart - 1e-9), last = Math.floor(high / apart + 1e-9);
	return Array.from({ length: last - first + 1 }, (_, k) => (first + k) * apart);
}

// Powers of ten; where there are few, 2 and 5 times them too; where there are hardly any, others.
function powers(low, high, most) {
	const first = Math.floor(Math.log10(low)), last = Math.floor(Math.log10(high) + 1e-9);
	const all = Array.from({ length: last - first + 1 }, (_, k) => first + k);
	const within = (values) => values.filter((value) => value >= low * 0.999 && value <= high);
	const apart = Math.ceil(all.length / most);
	if (all.length > 3) return within(all.filter((power) => power % apart === 0).map((power) => 10 ** power));
	const found = within(all.flatMap((power) => [1, 2, 5].map((times) => times * 10 ** power)));
	return found.length > 2 ? found : rounds(low, high, most);
}

// share: where a value is, from 0 to 1; null: it has no place. value: the way back.
export function axis(low, high, isLog, most) {
	const to = isLog ? Math.log10 : (value) => value;
	const start = to(low), span = to(high) - start || 1;
	return {
		share: (value) => (value == null || (isLog && value < low) ? null : (to(value) - start) / span),
		value: (share) => (isLog ? 10 ** (start + share * span) : start + share * span),
		marks: (isLog ? powers : rounds)(low, high, most),
	};
}

// The ends of an axis that holds values, with some room.
export function endsOf(values, isLog) {
	const high = Math.max(...values);
	if (!isLog) {
		const low = Math.min(...values), room = (high - low) * 0.05 || Math.abs(high) * 0.1 || 1;
		return values.length ? [low - room, high + room] : [0, 1];
	}
	if (!(high > 0)) return [0.1, 1];
	const low = Math.min(...values.filter((value) => value > high * 10 ** -DECADES)), room = (high / low) ** 0.05;
	return room > 1.01 ? [low / room, high * room] : [low / 2, high * 2];
}
