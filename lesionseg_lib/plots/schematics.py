"""Ideas with a shape, drawn from the shapes of the real networks: each function takes them as data and returns an SVG.

A shape is (channels, height and width). No network is known here; the book hands over what the networks say.
"""

from collections.abc import Sequence

from lesionseg_lib.plots.sketch import Sketch

Shape = tuple[int, int]
WIDTH = 704  # of the book's text, in pixels


def _name(shape: Shape) -> str:
    return f"{shape[0]:,} x {shape[1]} x {shape[1]}"


def pyramid(photo: int, levels: Sequence[Shape]) -> str:
    """An encoder: the photo shrinks by two at every level and gains channels; a decoder leads back."""
    step = WIDTH / (len(levels) + 2)
    sketch = Sketch(WIDTH, 250)
    shapes = [(3, photo), *levels]
    for place, shape in enumerate(shapes):
        high = max(16.0, 150 * shape[1] / photo)
        x = 8 + place * step
        sketch.box(x, 90 - high / 2, step - 34, high, kind="frozen" if place else "plain")
        sketch.text(x + (step - 34) / 2, 184, "photo" if place == 0 else f"stride {photo // shape[1]}")
        sketch.text(x + (step - 34) / 2, 200, _name(shape), size=10.5)
        if place:
            sketch.arrow((x - 32, 90), (x - 2, 90))
    x = 8 + len(shapes) * step
    sketch.box(x, 15, step - 34, 150, "mask", f"1 x {photo}", f"x {photo}", kind="learns")
    sketch.arrow((x - 32, 90), (x - 2, 90))
    sketch.text(WIDTH - 4, 230, "the decoder: yours to write and to train", anchor="end")
    sketch.text(8, 230, "the encoder, frozen: its five maps are the pyramid", anchor="start")
    told = ", ".join(_name(level) for level in levels)
    return sketch.svg(f"A photo of {photo} x {photo} becomes five maps: {told}. A decoder makes a mask of them.")


def skips(encoder: Sequence[Shape], decoder: Sequence[Shape], *, backwards: bool = False) -> str:
    """Two arms: the encoder down, the decoder up, a skip across between maps of one size; or wired backwards.

    ``encoder`` from the finest to the deepest map, ``decoder`` from the coarsest to the finest step.
    """
    rows = len(decoder)
    sketch = Sketch(WIDTH, 56 * (rows + 1) + 40)
    y = [20 + 56 * row for row in range(rows + 1)]
    for row, shape in enumerate(encoder[: rows + 1]):
        sketch.box(30, y[row], 190, 32, _name(shape), kind="frozen")
        if row:
            sketch.arrow((125, y[row - 1] + 32), (125, y[row] - 1))
    for row, shape in enumerate(reversed(decoder)):
        sketch.box(WIDTH - 220, y[row], 190, 32, _name(shape), kind="learns")
        below = (WIDTH - 125, y[row + 1] - (0 if row + 1 < rows else -16))
        if row + 1 < rows:
            sketch.arrow(below, (WIDTH - 125, y[row] + 33))
        else:
            sketch.arrow((220, below[1]), below, (WIDTH - 125, y[row] + 33), label="the deepest map")
        source = rows - 1 - row if backwards else row
        right = encoder[source][1] == shape[1]
        sketch.arrow((220, y[source] + 16), (WIDTH - 222, y[row] + 16), dashed=True, wrong=not right)
        if not right:
            sketch.text(WIDTH - 118, y[row] - 6, f"gets {encoder[source][1]}, has {shape[1]}", size=11, anchor="start")
    sketch.text(125, y[-1] + 56, "encoder")
    sketch.text(WIDTH - 125, y[-1] + 56, "decoder")
    what = "Wired backwards: the deepest skip goes to the largest map" if backwards else "Skips join maps of one size"
    return sketch.svg(f"{what}. Encoder: {', '.join(map(_name, encoder))}; decoder: {', '.join(map(_name, decoder))}.")


def stamps(kernels: Sequence[int], stride: int, cells: int) -> str:
    """Transposed convolutions on a line: every cell stamps its kernel, and how many stamps lie on each pixel."""
    sketch = Sketch(WIDTH, 118 * len(kernels))
    told = []
    for row, kernel in enumerate(kernels):
        length = (cells - 1) * stride + kernel
        unit, top = min(40.0, (WIDTH - 150) / length), 118 * row
        counts = [
            sum(cell * stride <= place < cell * stride + kernel for cell in range(cells)) for place in range(length)
        ]
        sketch.text(4, top + 40, f"kernel {kernel}", anchor="start")
        sketch.text(4, top + 56, f"stride {stride}", anchor="start")
        for cell in range(cells):
            at = 110 + cell * stride * unit
            sketch.box(at, top + 12 + 13 * (cell % 4), kernel * unit - 2, 11, kind="learns")
        for place, count in enumerate(counts):
            sketch.box(110 + place * unit, top + 74, unit - 2, 24, str(count), kind="marked" if count > 1 else "plain")
        inner = counts[kernel:-kernel] or counts
        told.append(f"kernel {kernel}: {'even' if len(set(inner)) == 1 else 'a checkerboard'}")
    return sketch.svg(f"Stamps on each pixel at stride {stride}: {'; '.join(told)}.")


def inverted_residual(inside: int, wide: int, outside: int, stride: int) -> str:
    """MobileNetV2's block: widen, look around in each channel, narrow without a non-linearity, and add."""
    sketch = Sketch(WIDTH, 150)
    steps = (
        (f"{inside} channels", ""),
        ("1 x 1", "widen, ReLU6"),
        (f"{wide} channels", ""),
        ("3 x 3 a channel", f"stride {stride}"),
        ("1 x 1", "narrow, linear"),
        (f"{outside} channels", ""),
    )
    step = WIDTH / len(steps)
    for place, lines in enumerate(steps):
        kind = "plain" if lines[1] == "" else "learns"
        sketch.box(4 + place * step, 50, step - 18, 46, *filter(None, lines), kind=kind)
        if place:
            sketch.arrow((4 + place * step - 17, 73), (4 + place * step - 1, 73))
    added = stride == 1 and inside == outside
    if added:
        end = 4 + 5 * step + (step - 18) / 2
        sketch.arrow((4 + (step - 18) / 2, 50), (4 + (step - 18) / 2, 22), (end, 22), (end, 49), label="added")
    return sketch.svg(
        f"{inside} channels are widened to {wide}, convolved each on its own, and narrowed to {outside} without a "
        f"non-linearity{'; the input is added' if added else ''}."
    )


def fields(sides: Sequence[int], strides: Sequence[int], shown: int) -> str:
    """How far a cell of each level sees on a line of pixels; ``shown`` is the photo's width."""
    sketch = Sketch(WIDTH, 30 * len(sides) + 40)
    scale = (WIDTH - 190) / max(*sides, shown)
    middle = 170 + (WIDTH - 190) / 2
    for row, (side, stride) in enumerate(zip(sides, strides, strict=True)):
        sketch.text(4, 30 * row + 26, f"stride {stride}: {side} pixels", anchor="start")
        sketch.box(middle - side * scale / 2, 30 * row + 12, max(side * scale, 1.5), 18, kind="learns")
    bottom = 30 * len(sides) + 16
    sketch.box(middle - shown * scale / 2, bottom, shown * scale, 16, kind="frozen")
    sketch.text(4, bottom + 13, f"the photo: {shown} pixels", anchor="start")
    told = ", ".join(f"{side} at stride {stride}" for side, stride in zip(sides, strides, strict=True))
    return sketch.svg(f"A cell can see so many pixels across: {told}; the photo has {shown}.")


def freezing(parameters: Sequence[int], choices: Sequence[tuple[str, Sequence[int]]]) -> str:
    """How far back the gradient walks: rows are choices of frozen stages (1, 2, ...), columns stages and decoder."""
    columns = len(parameters) + 1
    step = (WIDTH - 120) / columns
    sketch = Sketch(WIDTH, 62 * len(choices) + 40)
    for column, count in enumerate(parameters):
        sketch.text(120 + column * step + step / 2 - 8, 14, f"stage {column + 1}")
        sketch.text(120 + column * step + step / 2 - 8, 28, f"{count:,}", size=10.5)
    sketch.text(WIDTH - step / 2 - 8, 14, "decoder")
    for row, (name, frozen) in enumerate(choices):
        top = 40 + 62 * row
        sketch.text(4, top + 20, name, anchor="start")
        for column in range(columns):
            kind = "frozen" if column + 1 in frozen else "learns"
            sketch.box(120 + column * step, top, step - 16, 30, "frozen" if kind == "frozen" else "learns", kind=kind)
        first = next(column for column in range(columns) if column + 1 not in frozen)
        sketch.arrow((WIDTH - 16, top + 42), (120 + first * step, top + 42), label="")
    told = "; ".join(
        f"{name}: {'stages ' + ', '.join(map(str, frozen)) if frozen else 'none'} frozen" for name, frozen in choices
    )
    return sketch.svg(f"The gradient walks back to the first stage that learns. {told}.")


def gate(skip: Shape, signal: Shape, inner: int) -> str:
    """The additive attention gate with its shapes."""
    sketch = Sketch(WIDTH, 210)
    low = signal[1]
    sketch.box(4, 20, 130, 44, "skip x", _name(skip), kind="frozen")
    sketch.box(4, 130, 130, 44, "gate g", _name(signal), kind="learns")
    sketch.box(180, 20, 120, 44, "2 x 2, stride 2", f"{inner} x {low} x {low}", kind="learns")
    sketch.box(180, 130, 120, 44, "1 x 1", f"{inner} x {low} x {low}", kind="learns")
    sketch.box(345, 75, 44, 44, "+")
    sketch.box(430, 75, 130, 44, "ReLU, 1 x 1,", "sigmoid", kind="learns")
    sketch.box(600, 75, 96, 44, "alpha", f"1 x {low} x {low}", kind="marked")
    sketch.box(600, 150, 96, 44, "x · alpha", _name(skip))
    for start, end in (
        ((134, 42), (179, 42)),
        ((134, 152), (179, 152)),
        ((389, 97), (429, 97)),
        ((560, 97), (599, 97)),
    ):
        sketch.arrow(start, end)
    sketch.arrow((300, 42), (367, 42), (367, 74))
    sketch.arrow((300, 152), (367, 152), (367, 120))
    sketch.arrow((648, 119), (648, 149))
    sketch.arrow((69, 64), (69, 100), (152, 100), (152, 190), (599, 190), label="the skip itself", dashed=True)
    return sketch.svg(
        f"Skip {_name(skip)} and gate {_name(signal)} are brought to {inner} x {low} x {low} and added; one "
        "coefficient a place multiplies the skip."
    )


def parallel_branches(x: Shape, width: int, rates: Sequence[int]) -> str:
    """Atrous spatial pyramid pooling: five looks at one map, joined."""
    names = ["1 x 1", *(f"3 x 3, rate {rate}: {2 * rate + 1} wide" for rate in rates), "mean of the whole map"]
    sketch = Sketch(WIDTH, 44 * len(names) + 20)
    middle = 22 * len(names)
    sketch.box(4, middle - 24, 120, 48, "map", _name(x), kind="frozen")
    for row, name in enumerate(names):
        sketch.box(190, 10 + 44 * row, 200, 32, name, kind="learns")
        sketch.arrow((124, middle), (188, 26 + 44 * row))
        sketch.arrow((390, 26 + 44 * row), (448, middle))
    sketch.box(450, middle - 24, 110, 48, "side by side", _name((width * len(names), x[1])))
    sketch.box(600, middle - 24, 100, 48, "1 x 1", _name((width, x[1])), kind="learns")
    sketch.arrow((560, middle), (598, middle))
    return sketch.svg(f"Five looks at a map {_name(x)}: {', '.join(names)}; {width} channels each, joined by a 1 x 1.")


def rates_on_a_line(rates: Sequence[int], cells: int) -> str:
    """Where the three weights of a row of a kernel lie at each rate, on a map that is ``cells`` wide."""
    sketch = Sketch(WIDTH, 46 * len(rates) + 10)
    unit = (WIDTH - 110) / (cells + 2 * max(rates))
    left = 110 + max(rates) * unit
    told = []
    for row, rate in enumerate(rates):
        top = 46 * row + 10
        sketch.text(4, top + 20, f"rate {rate}", anchor="start")
        read = {cells // 2 + rate * k for k in (-1, 0, 1)}
        for place in range(-max(rates), cells + max(rates)):
            inside = 0 <= place < cells
            if inside or place in read:
                kind = ("marked" if inside else "wrong") if place in read else "plain"
                sketch.box(left + place * unit, top, unit - 2, 28, "w" if place in read else "", kind=kind)
        outside = sum(not 0 <= place < cells for place in read)
        told.append(f"rate {rate}: {outside} of 3 weights on padding")
    return sketch.svg(f"The middle cell of a map {cells} wide reads three places. {'; '.join(told)}.")


def timeline(load: float, step: float, batches: int, workers: int) -> str:
    """Loading and steps in turn, and with workers that load ahead; times in the same unit."""
    turns = batches * (load + step)
    ready = [load * (batch // workers + 1) for batch in range(batches)]
    ends = [ready[0] + step]
    for batch in range(1, batches):
        ends.append(max(ends[-1], ready[batch]) + step)
    scale = (WIDTH - 130) / max(turns, ends[-1])
    sketch = Sketch(WIDTH, 90 + 34 * (workers + 1))
    sketch.text(4, 30, "in turn", anchor="start")
    for batch in range(batches):
        at = 120 + batch * (load + step) * scale
        sketch.box(at, 12, load * scale - 2, 28, f"load {batch + 1}", kind="frozen")
        sketch.box(at + load * scale, 12, step * scale - 2, 28, kind="learns")
    for worker in range(workers):
        sketch.text(4, 92 + 34 * worker, f"worker {worker + 1}", anchor="start")
    sketch.text(4, 92 + 34 * workers, "network", anchor="start")
    for batch in range(batches):
        begin = 120 + (ready[batch] - load) * scale
        sketch.box(begin, 74 + 34 * (batch % workers), load * scale - 2, 28, f"load {batch + 1}", kind="frozen")
        sketch.box(120 + (ends[batch] - step) * scale, 74 + 34 * workers, step * scale - 2, 28, kind="learns")
    return sketch.svg(f"{batches} batches take {turns:g} in turn, and {ends[-1]:g} if {workers} workers load ahead.")
