import Glibc

/// Where a value lies between the ends of an axis: 0…1.
struct Axis {
    let low: Double
    let high: Double
    /// Steps of ten are equally long: where values span so much that small ones would not be seen otherwise.
    let isLogarithmic: Bool

    /// From 0, or from the least of `values` where they span more than `span` times.
    init(_ values: [Double], span: Double = 12) {
        let positive = values.filter { $0 > 0 }
        let (least, most) = (positive.min() ?? 1, positive.max() ?? 1)
        isLogarithmic = most / least > span
        low = isLogarithmic ? least / 1.15 : 0
        high = isLogarithmic ? most * 1.15 : most * 1.04
    }

    func place(_ value: Double) -> Double {
        guard isLogarithmic else { return min(1, max(0, value / high)) }
        return min(1, max(0, log(max(value, low) / low) / log(high / low)))
    }

    /// Round values between the ends: four to eight of them.
    var ticks: [Double] {
        let power = pow(10, floor(log10(isLogarithmic ? low : high)))
        guard isLogarithmic else {
            let step = [0.2, 0.5, 1, 2].map { $0 * power }.first { high / $0 <= 5.5 } ?? power * 5
            return (0...6).map { Double($0) * step }.filter { $0 <= high }
        }
        let decades = log10(high / low)
        let digits: [Double] = decades > 3.5 ? [1] : decades > 1.8 ? [1, 3] : [1, 2, 5]
        let most = Int(ceil(decades)) + 1
        let skip = max(1, most / 6)
        return (0...most).filter { $0 % skip == 0 }.flatMap { step in digits.map { $0 * power * pow(10, Double(step)) }
        }
        .filter { $0 >= low && $0 <= high }
    }
}
