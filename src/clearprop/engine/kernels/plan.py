"""The plan of a run: one array of whole numbers, all that compiled code is told.

Numbers of the run come first, then a table of `STRIDE` numbers for each layer of weights.
Arrays are given by their addresses; the engine keeps them alive. Some numbers are counters that
compiled code moves on.
"""

from __future__ import annotations

from itertools import count

_run = count()

LAYERS = next(_run)
"""The number of layers of weights."""

N = next(_run)
"""Rows of data."""

BATCH = next(_run)
"""Rows of a batch; the last of an epoch may be shorter."""

SHARDS = next(_run)
"""The stripes that rows are dealt to."""

THREADS = next(_run)
"""How many threads run the plan together."""

X = next(_run)
"""Address of the inputs, real (n, n_0)."""

Y = next(_run)
"""Address of the targets, real (n, n_L), or int64 labels (n,)."""

LABELS = next(_run)
"""1 where the targets are labels."""

WEIGHTS = next(_run)
"""Address of the samples' weights, float64 (n,), or 0."""

ORDER = next(_run)
"""Address of the epoch's order, int64 (n,)."""

SORTING = next(_run)
"""Address of room for drawing an order, int64 (4 n + 2)."""

SHUFFLE = next(_run)
"""1 where each epoch takes the rows in a new order."""

SEED = next(_run)
"""The run's seed, its 64 bits."""

BATCH_ROWS = next(_run)
"""Address of the batch's row numbers, int64 (BATCH,), those of a shard together."""

SHARD_STARTS = next(_run)
"""Address of where in the batch each shard begins, int64 (SHARDS + 1,)."""

BATCH_X = next(_run)
"""Address of the batch's inputs, real (BATCH, row)."""

BATCH_Y = next(_run)
"""Address of the batch's targets, real (BATCH, row) or int64 (BATCH,)."""

BATCH_WEIGHTS = next(_run)
"""Address of the batch's weights, real (BATCH,)."""

LOSSES = next(_run)
"""Address of the batch's losses, real (BATCH,)."""

LOSS = next(_run)
"""Address of the compiled loss."""

LOSS_SETTINGS = next(_run)
"""Address of its settings, float64."""

OPTIMIZER = next(_run)
"""Address of the compiled optimizer."""

UPDATE = next(_run)
"""Address of what the optimizer is told of an update, float64, for weights; see UPDATE_SIZE."""

L2 = next(_run)
"""1 where the cost has a penalty."""

L2_BY_BATCH = next(_run)
"""1 where the penalty is divided by each batch's sum of weights."""

MEAN_BY_ROWS = next(_run)
"""1 where an epoch's cost is the mean of its batches' by their numbers of rows."""

COST_OUTPUTS = next(_run)
"""How many outputs the losses are divided by in a batch's cost, at least 1: the gradient is not."""

RATES = next(_run)
"""Address of learning rate and momentum of each batch from FIRST on, float64 (batches, 2)."""

FIRST = next(_run)
"""The batch, counted through the run, that RATES begins with."""

NOW = next(_run)
"""The next batch, counted through the run."""

LAST = next(_run)
"""Where to stop: before this batch."""

MADE = next(_run)
"""Updates made so far."""

COSTS = next(_run)
"""Address of each epoch's sums from FIRST_EPOCH on, float64 (epochs, 2): w_i L_i, and w_i."""

FIRST_EPOCH = next(_run)
"""The epoch that COSTS begins with."""

DRAWN = next(_run)
"""One more than the epoch whose order ORDER holds, or 0."""

DROPOUT = next(_run)
"""A unit is dropped where its 32 random bits are below this; 0: no dropout."""

DROP_ROWS = next(_run)
"""Address of the compiled dropout."""

DRAW_ORDER = next(_run)
"""Address of the compiled drawing of an order."""

KEPT = next(_run)
"""Address of the factor of kept units, float64."""

TEAM = next(_run)
"""Address of what threads synchronize by, int64."""

STATUS = next(_run)
"""How the run stands; see the constants below."""

UPDATE_FLAG = next(_run)
"""1 where an update met what is not finite."""

SCRATCH = next(_run)
"""Address of room of SCRATCH_BYTES for each thread."""

SCRATCH_BYTES = next(_run)

PENALTIES = next(_run)
"""Address of the sums of squares of CHUNK weights each, float64."""

BATCH_TOTAL = next(_run)
"""Address of the batch's sum of weights, 0 where the batch is passed over; of its cost, the sum of
w_i L_i and the penalty's share; and of the power of two that its weights are multiplied by, so that
no sum of them leaves float32; float64 (3,)."""

PLACE = next(_run)
"""Place of the next batch in its epoch's order, and its EPOCH."""

EPOCH = next(_run)

BATCH_N = next(_run)
"""Rows of the batch under way."""

CORRECTED = next(_run)
"""1 where the optimizer wants Adam's corrections."""

OUTPUT = next(_run)
"""Address of predictions, real (n, n_L), where a forward pass is asked for."""

OUT_LOSSES = next(_run)
"""Address of each row's loss, real (n,), or 0."""

BLOCK_ROWS = next(_run)
"""Rows that go through all layers together: of a forward pass, or of a step that is FUSED."""

FUSED = next(_run)
"""1 where weights are packed first, and blocks of rows then go forward and backward by themselves:
threads meet twice a step, not for each layer."""

WIDEST = next(_run)
"""The longest row of activations of a forward pass."""

FIRST_SHARD, OWN_SHARDS = next(_run), next(_run)
"""The stripes whose rows X and y hold: all, or those of one process of several."""

SHARD_COSTS = next(_run)
"""Address of each stripe's sum of w_i L_i in the batch, float64 (SHARDS,)."""

NODE_FIRST, NODE_SHARDS = next(_run), next(_run)
"""Which of the own stripes a gradient sums: all, or a branch of the tree of sums."""

PARAMETERS = next(_run)
"""Address of the flat vector of parameters, which W and b lie in."""

APART, APART_ADDS = next(_run), next(_run)
"""Address of a flat vector that gets the sums of gradients, in place of an update, or 0; and 1
where they are added to what it holds."""

GRADIENT = next(_run)
"""Address of the flat vector of sums that a shared step updates with."""

STEP, STEP_N, STEP_AT = next(_run), next(_run), next(_run)
"""Rows of a shared step, of all processes and of all its batches; of the one under way; and how
many of them come before the batch."""

LAYER = next(_run)
"""The layer, counted from 0, that a kernel of a shared step works on."""

CHUNK = 1 << 16
"""Weights whose squares are summed together: a constant of the numerics."""

TABLE = 96
"""Where the table of layers begins."""

STRIDE = 32
"""Numbers for each layer."""

_layer = count()

N_IN, N_OUT = next(_layer), next(_layer)
"""n_(l-1) and n_l."""

W, B = next(_layer), next(_layer)
"""Addresses of W^l, and of b^l or 0."""

W_STATE, W_STATE_2, B_STATE, B_STATE_2 = (next(_layer) for _ in range(4))
"""Addresses of the optimizer's state for these, or 0."""

A_IN, A_IN_ROW = next(_layer), next(_layer)
"""Address of the batch's a^(l-1), and the distance of its rows."""

A, D, ROW = next(_layer), next(_layer), next(_layer)
"""Addresses of a^l and of f'(z^l), which becomes delta^l; and the distance of their rows."""

ACTIVATION = next(_layer)
"""Address of the compiled activation, or 0 where the loss takes z."""

JACOBIAN = next(_layer)
"""Address of the product with the activation's Jacobian, where it is no elementwise one, or 0."""

VALUE = next(_layer)
"""Address of the compiled activation without its derivative."""

F_ROWS, F_COLUMNS = next(_layer), next(_layer)
"""The largest part of a forward phase."""

B_ROWS, B_COLUMNS = next(_layer), next(_layer)
"""The largest part of a backward phase, which gives delta^(l-1)."""

G_ROWS, G_COLUMNS = next(_layer), next(_layer)
"""The largest part of a gradient phase."""

G_PARTS = next(_layer)
"""How many parts there are."""

G_DIRECT = next(_layer)
"""1 where gradients read the activations as they lie."""

PACKED_F, PACKED_B = next(_layer), next(_layer)
"""Where FUSED: addresses of the panels of W^l for forward, and for backward or 0; else 0."""

RUNNING, FORWARD_NOT_FINITE, UPDATE_NOT_FINITE, RAISED = range(4)
"""STATUS: all is well; cost or deltas are not finite, and nothing was changed; parameters or a
gradient were not finite after an update; a function of the user's own raised."""

(
    U_RATE,
    U_MOMENTUM,
    U_CORRECTION,
    U_ROOT_CORRECTION,
    U_INVERSE,
    U_L2,
    U_S0,
    U_S1,
    U_S2,
    U_S3,
    U_L2_WHOLE,
) = range(11)
"""What an update knows: learning rate and momentum, Adam's corrections 1 / (1 - beta1^t) and
1 / sqrt(1 - beta2^t), 1 / sum w, l2, four settings, and l2 before it is divided by sum w."""

UPDATE_SIZE = 16
"""Numbers for weights; as many for biases follow."""

LINE = 16
"""Numbers of the team's array that share no cache line with others."""

ARRIVED, GENERATION, GATE, VERDICT, MEMBERS = (LINE * place for place in range(5))
"""Places in the team's array; a line for each thread from MEMBERS on: how many parts of its run are
claimed, and how many runs it has come to the end of."""


def team_size(threads: int) -> int:
    """Return the numbers of a team's array."""
    return MEMBERS + LINE * threads
