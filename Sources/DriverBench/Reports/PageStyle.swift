/// What the page looks like, and the words on it that are always the same.
enum PageStyle {
    /// For readers who see such charts for the first time.
    static let howToRead = [
        "Shorter is better everywhere. A bar ends at the median of what was measured; the thin line across its end is the "
            + "interval that has the true median with a probability of 95 %. Where two of them overlap, don't trust the order.",
        "The dashed line is what plain folders on the same file system take: what the host itself costs. ×plain is how many "
            + "times as long. Drivers on different file systems have different dashed lines, all drawn at 1.",
        "In curves the band around a line is the same interval. On a log scale each step up is so many times as much, "
            + "not so much more; bars there start at the dashed line.",
        "Verdicts are made of the workloads of their kind: the geometric mean of how many times as long each takes as the best.",
    ]

    /// Plain folders are hatched: they are no candidates.
    static let patterns = """
        <svg width="0" height="0" aria-hidden="true" style="position:absolute"><defs>
        <pattern id="hatch" width="6" height="6" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">
        <rect width="3" height="6" class="hatch"/></pattern></defs></svg>
        """

    /// Colours after Okabe and Ito: told apart by the colour-blind, too.
    static let text = """

        :root { --ground: #fff; --card: #f6f7f9; --ink: #1c2024; --faint: #5c6670; --rule: #d5dae0; --whisker: #1c2024;
          --c0: #0072b2; --c1: #d55e00; --c2: #009e73; --c3: #cc79a7; --c4: #b58500; --c5: #4f9fd0; --c6: #6b5b95;
          --h0: #e9f3fb; --h1: #c3ddf0; --h2: #92c0e0; --h3: #4f93c4; --h4: #1f6398; --h5: #0b3558; --dark: #fff; }
        @media (prefers-color-scheme: dark) { :root { --ground: #14171a; --card: #1d2226; --ink: #e6e9ec; --faint: #9aa5af;
          --rule: #343b42; --whisker: #fff;
          --c0: #4da3d9; --c1: #f08040; --c2: #2fc497; --c3: #df9dc0; --c4: #e6b422; --c5: #8cc8ee; --c6: #a998d6;
          --h0: #1b2b38; --h1: #23435b; --h2: #2c628a; --h3: #3f88bb; --h4: #7db8de; --h5: #d2e9f8; --dark: #10171d; } }
        * { box-sizing: border-box; }
        html { -webkit-text-size-adjust: 100%; }
        body { margin: 0; background: var(--ground); color: var(--ink);
          font: 15px/1.45 system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", sans-serif; }
        main { max-width: 1200px; margin: 0 auto; padding: 20px 16px 60px; }
        h1 { font-size: 1.7rem; line-height: 1.2; margin: 0 0 4px; overflow-wrap: anywhere; }
        h2 { font-size: 1.25rem; margin: 34px 0 12px; }
        h3 { font-size: .95rem; margin: 0 0 4px; color: var(--faint); font-weight: 600; }
        p { margin: 0 0 8px; max-width: 75ch; }
        .run { color: var(--faint); }
        code { font: 13px ui-monospace, Menlo, Consolas, monospace; overflow-wrap: anywhere; }
        small { color: var(--faint); font-size: .82em; white-space: nowrap; }
        .value { white-space: nowrap; }
        .note { display: block; white-space: normal; }
        .problems { border-left: 4px solid var(--c1); background: var(--card); padding: 10px 14px 10px 30px; margin: 14px 0; }
        .problems li { overflow-wrap: anywhere; }
        .cards, .grid { display: grid; gap: 14px; list-style: none; margin: 0; padding: 0;
          grid-template-columns: repeat(auto-fill, minmax(min(100%, 330px), 1fr)); align-items: start; }
        .cards li, figure, .card { background: var(--card); border: 1px solid var(--rule); border-radius: 8px; padding: 12px 14px; }
        .cards { align-items: stretch; }
        .cards p { margin: 0; overflow-wrap: anywhere; }
        figure { margin: 0; }
        figcaption, caption { text-align: left; padding-bottom: 8px; font-size: .88rem; }
        figcaption strong, .bars caption strong { display: block; font-size: .98rem; overflow-wrap: anywhere; }
        figcaption span, .bars caption span { color: var(--faint); }
        table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
        .bars { width: 100%; border-collapse: separate; border-spacing: 0; table-layout: fixed; display: table; font-size: .86rem; }
        .bars caption { background: none; }
        .bars th { text-align: left; font-weight: 500; overflow-wrap: anywhere; width: 27%; padding: 2px 6px 2px 0; }
        .bars thead th { color: var(--faint); font-size: .76rem; font-weight: 400; }
        .bars th:nth-child(2) { width: auto; }
        .bars th:nth-child(3), .bars th:nth-child(4) { text-align: right; padding-right: 0; }
        .bars th:nth-child(3) { width: 31%; }
        .bars th:nth-child(4) { width: 14%; }
        .bars td { text-align: right; padding: 2px 0 2px 6px; vertical-align: middle; }
        .bars td.chart { padding: 0; }
        .bars td.lack { text-align: left; color: var(--faint); padding: 2px 0; overflow-wrap: anywhere; }
        .bar { display: block; width: 100%; overflow: visible; }
        .fill { fill: var(--c); }
        .plain .fill { fill: url(#hatch); stroke: var(--faint); }
        .hatch { fill: var(--faint); }
        .whisker { stroke: var(--whisker); stroke-width: 1.2; }
        .one { stroke: var(--faint); stroke-dasharray: 3 2; }
        .plain { --c: var(--faint); }
        \((0..<7).map { ".c\($0) { --c: var(--c\($0)); }" }.joined(separator: " "))
        .curve { width: 100%; height: auto; display: block; }
        .curve text { font-size: 11px; fill: var(--faint); }
        .grid line.grid, .curve .grid { stroke: var(--rule); stroke-width: 1; display: inline; }
        .band { fill: var(--c); opacity: .2; }
        .line { fill: none; stroke: var(--c); stroke-width: 2; }
        .mark { fill: var(--c); stroke: var(--card); stroke-width: 1; }
        .dash1 { stroke-dasharray: none; } .dash2 { stroke-dasharray: 7 3; }
        .dash3 { stroke-dasharray: 2 3; } .dash0 { stroke-dasharray: 9 3 2 3; }
        .legend { display: flex; flex-wrap: wrap; gap: 2px 14px; list-style: none; margin: 8px 0 0; padding: 0; font-size: .86rem; }
        .legend li { display: flex; align-items: center; gap: 6px; overflow-wrap: anywhere; }
        .legend svg { flex: none; }
        .scroll { overflow-x: auto; margin-bottom: 12px; }
        .heat { width: 100%; table-layout: fixed; font-size: .86rem; border-spacing: 2px; border-collapse: separate; }
        .heat th { text-align: left; font-weight: 500; padding: 2px 8px 2px 0; overflow-wrap: anywhere; }
        .heat thead th:first-child { width: 30%; }
        .heat thead th + th { padding: 2px; text-align: center; font-size: .78rem; }
        .heat .group th { color: var(--faint); padding-top: 8px; }
        .heat td { text-align: center; padding: 3px 2px; border-radius: 3px; }
        .heat .h0 { background: var(--h0); font-weight: 700; } .heat .h1 { background: var(--h1); }
        .heat .h2 { background: var(--h2); color: var(--ink); } .heat .h3 { background: var(--h3); color: var(--dark); }
        .heat .h4 { background: var(--h4); color: var(--dark); } .heat .h5 { background: var(--h5); color: var(--dark); }
        .heat .none { color: var(--faint); }
        .data { font-size: .84rem; width: 100%; }
        .data th, .data td { text-align: left; padding: 3px 12px 3px 0; border-top: 1px solid var(--rule); vertical-align: top; }
        .data thead th { color: var(--faint); font-weight: 500; border: 0; }
        .data tbody th { font-weight: 500; }
        details { margin: 12px 0; }
        summary { cursor: pointer; color: var(--faint); padding: 4px 0; }
        details[open] > summary { margin-bottom: 8px; }
        :focus-visible { outline: 2px solid var(--c0); outline-offset: 2px; }
        @media print { details > * { display: block; } }

        """
}
