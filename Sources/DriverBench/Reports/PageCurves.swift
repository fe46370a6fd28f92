/// One curve: lines with bands for the intervals.
struct PageCurves {
    private let curve: Curve
    private let colours: PageColours
    private let across: Axis
    private let up: Axis

    /// The drawing's measures: as wide as a phone, so that its letters are as large there as in the text.
    private enum Size {
        static let (width, height) = (360.0, 230.0)
        static let (left, right, top, bottom) = (58.0, 346.0, 8.0, 200.0)
    }

    init(_ curve: Curve, _ colours: PageColours) {
        (self.curve, self.colours) = (curve, colours)
        across = Axis(curve.points.map { $0.facts.point?.x ?? 0 }, span: 6)
        let summaries = curve.points.flatMap(\.rows).compactMap(\.summary)
        // A wild interval's end may lie outside: it must not squeeze all lines.
        up = Axis(summaries.flatMap { [$0.median, max($0.low, $0.median / 4), min($0.high, $0.median * 1.5)] })
    }

    var markup: String {
        let last = curve.points.last?.facts
        let scales = [across.isLogarithmic ? "across" : nil, up.isLogarithmic ? "up" : nil].compactMap { $0 }
        let note = scales.isEmpty ? "" : " Log scale \(scales.joined(separator: " and "))."
        let caption = Markup.element(
            "figcaption",
            Markup.text("strong", "\(curve.name), by \(curve.axis)")
                + Markup.text("span", " Such as: \(last?.title ?? "").\(note)")
        )
        let label = "\(curve.name) by \(curve.axis); the numbers are in the table of this group"
        let box = "0 0 \(Int(Size.width)) \(Int(Size.height))"
        let drawing = Markup.element(
            "svg",
            ["viewBox": box, "role": "img", "aria-label": label, "class": "curve"],
            grid + curve.targets.map(line).joined()
        )
        return Markup.element("figure", caption + drawing + legend)
    }

    private func x(_ value: Double) -> Double { Size.left + across.place(value) * (Size.right - Size.left) }
    private func y(_ value: Double) -> Double { Size.bottom - up.place(value) * (Size.bottom - Size.top) }
    private func text(_ number: Double) -> String { Words.decimal(number, 1) }

    // MARK: Grid

    private var grid: String {
        var shapes: [String] = []
        let unit = curve.points[0].facts.unit
        for tick in up.ticks {
            let (place, left, right) = (text(y(tick)), text(Size.left), text(Size.right))
            shapes.append(Markup.shape("line", ["x1": left, "x2": right, "y1": place, "y2": place, "class": "grid"]))
            let at: KeyValuePairs = ["x": text(Size.left - 5), "y": text(y(tick) + 4), "text-anchor": "end"]
            shapes.append(Markup.text("text", at, Self.short(Words.value(tick, unit))))
        }
        var last = -100.0
        for value in curve.points.compactMap(\.facts.point?.x) {
            let place = text(x(value))
            shapes.append(
                Markup.shape(
                    "line",
                    ["x1": place, "x2": place, "y1": text(Size.top), "y2": text(Size.bottom), "class": "grid"]
                )
            )
            guard x(value) - last > 40 else { continue }
            last = x(value)
            let at: KeyValuePairs = ["x": place, "y": text(Size.bottom + 18), "text-anchor": "middle"]
            shapes.append(Markup.text("text", at, curve.label(value)))
        }
        return shapes.joined()
    }

    /// `1.00 ms` → `1 ms`: ticks are round.
    private static func short(_ value: String) -> String {
        let parts = value.split(separator: " ", maxSplits: 1)
        guard let number = parts.first, number.contains("."), parts.count == 2 else { return value }
        let trimmed = String(number.reversed().drop { $0 == "0" }.drop { $0 == "." }.reversed())
        return "\(trimmed.isEmpty ? "0" : trimmed) \(parts[1])"
    }

    // MARK: Lines

    private func line(_ target: TargetFacts) -> String {
        let points = curve.points.compactMap { point -> (x: Double, summary: Summary)? in
            guard let place = point.facts.point?.x, let summary = curve.row(target, point)?.summary else { return nil }
            return (x(place), summary)
        }
        guard !points.isEmpty else { return "" }
        func joined(_ points: [(Double, Double)]) -> String {
            points.map { "\(text($0.0)),\(text($0.1))" }.joined(separator: " ")
        }
        let highs = points.map { ($0.x, y($0.summary.high)) }
        let lows = points.map { ($0.x, y($0.summary.low)) }.reversed()
        let middle = points.map { ($0.x, y($0.summary.median)) }
        let mark = colours.mark(target)
        let marks = middle.map { Self.mark(mark, $0.0, $0.1) }.joined()
        return Markup.element(
            "g",
            ["class": colours.name(target)],
            Markup.shape("polygon", ["points": joined(highs + lows), "class": "band"])
                + Markup.shape("polyline", ["points": joined(middle), "class": "line dash\(mark % 4)"]) + marks
        )
    }

    /// A circle, a square, a triangle, a diamond: for those who can't tell colours apart.
    private static func mark(_ number: Int, _ x: Double, _ y: Double) -> String {
        func text(_ number: Double) -> String { Words.decimal(number, 1) }
        func polygon(_ points: [(Double, Double)]) -> String {
            let list = points.map { "\(text(x + $0.0)),\(text(y + $0.1))" }.joined(separator: " ")
            return Markup.shape("polygon", ["points": list, "class": "mark"])
        }
        switch number % 4 {
        case 0: return Markup.shape("circle", ["cx": text(x), "cy": text(y), "r": "3.6", "class": "mark"])
        case 1: return polygon([(-3.4, -3.4), (3.4, -3.4), (3.4, 3.4), (-3.4, 3.4)])
        case 2: return polygon([(0, -4.6), (4.4, 3.6), (-4.4, 3.6)])
        default: return polygon([(0, -5), (5, 0), (0, 5), (-5, 0)])
        }
    }

    private var legend: String {
        let entries = curve.targets.map { target in
            let mark = colours.mark(target)
            let line = Markup.shape(
                "line",
                ["x1": "0", "x2": "28", "y1": "7", "y2": "7", "class": "line dash\(mark % 4)"]
            )
            let sample = Markup.element(
                "svg",
                ["width": "28", "height": "14", "aria-hidden": "true"],
                line + Self.mark(mark, 14, 7)
            )
            return Markup.element("li", ["class": colours.name(target)], sample + Markup.text("span", target.id))
        }
        return Markup.element("ul", ["class": "legend"], entries.joined())
    }
}
