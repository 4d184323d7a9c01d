// The fields of clearprop.studio.setup.Setup, which decide the numbers.
export const SETUP = [
	"data", "target", "columns", "rows", "noise", "share", "weights", "hidden", "activation", "output", "loss",
	"initializer", "optimizer", "rate", "momentum", "batch", "epochs", "l2", "dropout", "seed",
	"precision", "schedule", "scale", "standardize", "shuffled", "gain", "bias", "illness", "frozen", "shared", "edit",
];
