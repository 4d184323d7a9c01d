"""Arrays, files and batches as sources."""

from __future__ import annotations

import numpy as np
import pytest

import clearprop as cp
from clearprop.estimators import MLPClassifier
from clearprop.streams import arrays
from clearprop.streams.arrays import ArraySource, open_array
from stream_cases import BATCH, batches_of, net, rows

X, Y, W = rows()


def trained(stream, **settings):
    network = net()
    cp.train(network, stream, batch_size=BATCH, epochs=2, **settings)
    return network.parameters.tobytes()


def joined(source, numbers=None):
    blocks = list(source.blocks(numbers))
    return np.concatenate([block.X for block in blocks]), [block.first for block in blocks]


class TestFiles:
    @pytest.fixture
    def files(self, tmp_path):
        paths = [tmp_path / name for name in ("X.npy", "y.npy", "w.npy")]
        for path, array in zip(paths, (X, Y, W), strict=True):
            np.save(path, array)
        return paths

    def test_a_file_is_its_array(self, files):
        assert trained(cp.stream(*files, window=40)) == trained(cp.stream(X, Y, W, window=40))
        assert trained(cp.stream(*map(str, files))) == trained(cp.stream(X, Y, W))

    @pytest.mark.parametrize("mode", ["r", "r+", "c"])
    def test_memory_maps(self, files, mode):
        mapped = np.load(files[0], mmap_mode=mode)
        given = X.copy()
        if mode != "r":  # what is written shows, in the file or not
            mapped[7, 2] = given[7, 2] = 5.0
        found, _ = joined(ArraySource(mapped, Y, window=64))
        np.testing.assert_array_equal(found, given)

    def test_views_of_memory_maps(self, files):
        mapped = np.load(files[0], mmap_mode="r")
        views = (mapped[50:], mapped[::2], mapped[:, 1:], np.asarray(mapped)[20:90], mapped.T.T)
        for view in views:
            found, _ = joined(ArraySource(view, Y[: len(view)], window=64))
            np.testing.assert_array_equal(found, view)

    def test_columns_first(self, tmp_path):
        np.save(tmp_path / "X.npy", np.asfortranarray(X))
        found, _ = joined(ArraySource(open_array(tmp_path / "X.npy"), Y))
        np.testing.assert_array_equal(found, X)

    def test_a_file_that_is_replaced_while_it_is_read(self, files):
        """By numbers of another type, say, whose bytes would be taken for others."""
        streams = [cp.stream(*files, window=64), cp.stream(*files)]
        other = files[0].with_name("other.npy")
        np.save(other, np.concatenate([X, X]).astype(np.float32))
        other.replace(files[0])
        for stream in streams:
            with pytest.raises(
                cp.TableFileError, match=r"^X.npy was changed or replaced since the stream"
            ):
                trained(stream)

    def test_a_map_whose_file_has_been_replaced(self, files):
        mapped = np.load(files[0], mmap_mode="r")
        other = files[0].with_name("other.npy")
        np.save(other, X + 1)
        other.replace(files[0])
        with pytest.raises(cp.TableFileError, match="X: another file has the name of this map's"):
            cp.stream(mapped, Y)

    def test_a_map_that_its_owner_writes_into(self, files):
        mapped = np.load(files[0], mmap_mode="r+")
        stream = cp.stream(mapped, Y, window=64)
        mapped[7] = 5.0
        mapped.flush()
        assert trained(stream) == trained(cp.stream(np.array(mapped), Y, window=64))

    def test_a_file_that_is_cut_short_while_it_is_read(self, files, monkeypatch):
        monkeypatch.setattr(arrays, "mark_of", lambda found: ())  # as its time may say nothing
        stream = cp.stream(*files, window=64)
        whole = files[0].read_bytes()
        kept = len(whole) // 2
        files[0].write_bytes(whole[:kept])
        row = (kept - (len(whole) - X.nbytes)) // X[0].nbytes
        with pytest.raises(
            cp.TableFileError, match=rf"^X.npy is cut short: it ends in row {row} of 203$"
        ):
            trained(stream, shuffle=False)

    def test_files_that_hold_no_array(self, tmp_path, files):
        whole = files[0].read_bytes()
        for content, why in (
            (whole[:-4], "cut short"), (b"", "X.npy is no .npy"), (b"x" * 500, "X.npy is no .npy"),
        ):  # fmt: skip
            files[0].write_bytes(content)
            with pytest.raises(cp.TableFileError, match=why):
                cp.stream(*files)
        np.save(files[0], np.array([{}, {}]), allow_pickle=True)
        with pytest.raises(cp.TableFileError, match=r"X\.npy is no \.npy file"):
            cp.stream(*files)
        np.savez(tmp_path / "X.npz", X)
        (tmp_path / "X.npz").rename(files[0])
        with pytest.raises(cp.TableFileError, match="several arrays"):
            cp.stream(*files)
        with pytest.raises(cp.FileMissingError, match="there is no file"):
            cp.stream(tmp_path / "missing.npy", files[1])


class TestArrays:
    def test_blocks_by_number(self):
        source = ArraySource(X, Y, window=16 * 10)
        found, firsts = joined(source, [3, 0, 20])
        assert firsts == [30, 0, 200]
        np.testing.assert_array_equal(found, X[np.r_[30:40, 0:10, 200:203]])
        assert source.rows == 203

    def test_what_is_like_an_array(self):
        class Rows:
            shape, dtype = X.shape, X.dtype

            def __len__(self):
                return len(X)

            def __getitem__(self, key):
                return X[key]

        assert trained(cp.stream(Rows(), Y, window=40)) == trained(cp.stream(X, Y, window=40))

    def test_shapes_that_do_not_fit(self):
        for parts, what in (
            ((X, Y[:-1]), "X has 203 rows, y has"),
            ((X[0], Y), r"X must have shape \(n, n_0\)"),
            ((X[:0], Y[:0]), r"has shape \(0, 5\)"),
        ):
            with pytest.raises(cp.ShapeError, match=what):
                cp.stream(*parts)

    def test_identity_sees_a_sample(self):
        def identity(*parts):
            return ArraySource(*parts, window=64).identity()

        assert identity(X, Y) == identity(X.copy(), Y.copy())
        changed = X.copy()
        changed[-1, 0] += 1
        assert identity(changed, Y) != identity(X, Y) != identity(X.astype(np.float64), Y)


class TestBatches:
    def test_batches_are_the_rows(self):
        given = {trained(cp.stream(batches, window=40)) for batches in (
            batches_of(X, Y, size=17), batches_of(X, Y, size=100), list(batches_of(X, Y)()),
            [[x[None], y[None]] for x, y in zip(X, Y, strict=True)],
            lambda: [(X.tolist(), Y.tolist()), (X[:0], Y[:0])],
        )}  # fmt: skip
        assert len(given) == 1

    @pytest.mark.parametrize(
        ("batches", "message"),
        [
            ([X], "batch 0 is a ndarray; a batch is"),
            ([(X, Y), (X,)], r"batch 1 is a tuple; a batch is \(X, y\) or"),
            ([(X, Y[:-1])], "batch 0 has parts of different numbers of rows"),
            ([(3, 4)], "batch 0 has parts"),
            ([(X, Y), (X, Y, W)], "in batch 1, .*some blocks have sample weights, others none"),
            ([(X, Y), (X, np.eye(3)[Y])], "in batch 1, .*y holds labels in some blocks"),
            ([(X, Y), (X[:, :4], Y)], "in batch 1, .*X has 4 columns"),
            ([], "the stream has no rows"),
        ],
        ids=lambda value: str(value)[:20] if isinstance(value, str) else "",
    )
    def test_what_is_no_batch(self, batches, message):
        with pytest.raises(cp.DataError, match=message):
            trained(cp.stream(batches, window=40))

    def test_a_generator_that_was_gone_through(self):
        stream = cp.stream(batches_of(X, Y)(), window=40)
        cp.train(net(), stream, epochs=1)
        with pytest.raises(cp.ShapeError, match="no rows: a generator is gone through once, was"):
            cp.train(net(), stream, epochs=1)

    @pytest.mark.parametrize("window", [40, 1_000])
    @pytest.mark.parametrize("dtype", ["float32", "float64"])
    def test_batches_that_are_made_in_the_same_memory(self, window, dtype):
        """For training, for validation, and by the estimators: each has the rows that it had."""
        room = [np.empty((17, *part.shape[1:]), part.dtype) for part in (X, Y, W)]
        given = [X.astype(dtype), Y, W]
        room[0] = room[0].astype(dtype)

        def batches():
            for parts in batches_of(*given)():
                for own, part in zip(room, parts, strict=True):
                    own[: len(part)] = part
                yield tuple(own[: len(parts[0])] for own in room)
                for own in room:
                    own[:] = 0

        def outcome(batches):
            network, stream = net(dtype), cp.stream(batches, window=window)
            history = cp.train(network, stream, epochs=2, validation=stream, metrics="accuracy")
            fit = MLPClassifier(n_iter_no_change=1, tol=100.0, random_state=0).fit(stream)
            own = network.parameters.tobytes(), fit.network_.parameters.tobytes()
            return *own, history.validation_loss, history.validation_metrics

        assert outcome(batches) == outcome(batches_of(*given))

    @pytest.mark.parametrize(
        ("given", "message"),
        [
            ((3,), "a stream of batches is 3"),
            ((X,), "a stream of an array needs y"),
            (("X.npy",), "needs y"),
            (([], Y), "batches have their y"),
            ((np.float64(3), Y), "must have shape"),
            (("table.xml", Y), "the y of a table is a column of it"),
        ],
        ids=str,
    )
    def test_what_is_no_stream(self, given, message):
        with pytest.raises((cp.ArgumentError, cp.ShapeError), match=message):
            cp.stream(*given)

    def test_what_gives_no_rows(self):
        import scipy.sparse

        with pytest.raises(cp.TypeOfDataError, match="X gives no rows that become an array"):
            cp.stream(scipy.sparse.csr_array(X), Y)
        with pytest.raises(cp.TypeOfDataError, match="y cannot be read as an array"):
            cp.stream(X, [[1], [2, 3]])
        with pytest.raises(cp.ArgumentError, match="the function of a stream returned None"):
            trained(cp.stream(lambda: None))

    def test_tensors(self):
        torch = pytest.importorskip("torch")
        given = cp.stream(torch.from_numpy(X), torch.from_numpy(Y), window=40)
        assert trained(given) == trained(cp.stream(X, Y, window=40))
