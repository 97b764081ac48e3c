/// How the page looks: in light and dark, on paper and on a narrow screen.
enum PageStyle {
    /// The style sheet. It names no file and no address.
    static let sheet: StaticString = """

        :root {
          color-scheme: light dark;
          --page: #fcfcfb; --ink: #14140f; --soft: #5c5a55; --line: #dddbd5; --axis: #9a978f;
          --side0: #2a6fc9; --side1: #c8531c; --shade: #f2dc9c; --intruder: #7a4fb5;
        }
        @media (prefers-color-scheme: dark) {
          :root {
            --page: #191918; --ink: #f3f2ee; --soft: #b4b2a9; --line: #3a3936; --axis: #77756e;
            --side0: #5b9bea; --side1: #ec8047; --shade: #54481f; --intruder: #b493e6;
          }
        }
        * { box-sizing: border-box; }
        body {
          margin: 0 auto; padding: 2rem 1.25rem 4rem; max-width: 60rem; background: var(--page); color: var(--ink);
          font: 1rem/1.5 system-ui, sans-serif;
        }
        h1 { font-size: 1.6rem; line-height: 1.25; margin: 0 0 .5rem; }
        h2 { font-size: 1.2rem; margin: 2.5rem 0 .75rem; }
        p { margin: .5rem 0; }
        .soft { color: var(--soft); }
        .notice { border-left: .25rem solid var(--side1); padding-left: .75rem; }
        .wide { overflow-x: auto; }
        table { border-collapse: collapse; font-size: .9rem; font-variant-numeric: tabular-nums; }
        th, td { padding: .3rem .9rem .3rem 0; border-bottom: 1px solid var(--line); vertical-align: top; }
        th { font-weight: 600; }
        tbody th { font-weight: 400; }
        .word { text-align: left; overflow-wrap: anywhere; }
        thead .word { overflow-wrap: normal; }
        .number { text-align: right; white-space: nowrap; }
        figure { margin: 2rem 0; }
        figcaption { font-weight: 600; margin-bottom: .5rem; }
        .legend { list-style: none; display: flex; flex-wrap: wrap; gap: .25rem 1.25rem; margin: 0 0 .5rem; padding: 0; }
        .legend svg { width: 2rem; height: .8rem; vertical-align: -.05rem; margin-right: .4rem; }
        .picture { display: block; width: 100%; min-width: 34rem; height: auto; }
        .picture text { font: 12px system-ui, sans-serif; fill: var(--soft); }
        .picture text.name { fill: var(--ink); }
        .picture text.over { fill: var(--ink); paint-order: stroke; stroke: var(--page); stroke-width: 4px; }
        .grid { stroke: var(--line); }
        .axis { stroke: var(--axis); }
        .rule { stroke: var(--ink); stroke-dasharray: 3 3; }
        .rule.solid { stroke-dasharray: none; }
        .roof { fill: none; stroke: var(--axis); stroke-width: 2; }
        .line { fill: none; stroke-width: 2; }
        .line.side0 { stroke: var(--side0); }
        .line.side1 { stroke: var(--side1); stroke-dasharray: 6 4; }
        .mark { stroke: var(--page); stroke-width: 1.5; }
        .mark.side0, .bar.side0 { fill: var(--side0); }
        .mark.side1, .bar.side1 { fill: var(--side1); }
        .shade { fill: var(--shade); }
        .tick { fill: none; stroke-width: 1.2; }
        .tick.side0 { stroke: var(--side0); }
        .tick.side1 { stroke: var(--side1); }
        .tick.intruder { stroke: var(--intruder); }
        details { margin-top: .5rem; }
        summary { cursor: pointer; color: var(--soft); }
        @media print { body { max-width: none; padding: 0; } figure { break-inside: avoid; } }

        """
}
