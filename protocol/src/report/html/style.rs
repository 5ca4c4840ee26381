//! The page's style sheet: one column of text, tables that align, light and dark, paper.
//!
//! Fonts are the reader's own; nothing is fetched.

use crate::report::{
    Report,
    html::{breakdown::is_long, place::sights},
    sequence::is_grid,
};

/// The sheet, with the rules that let radio buttons choose a panel: as many as a table has cohorts, or sights.
pub(super) fn sheet(report: &Report) -> String {
    let panels = report.tables.iter().map(|table| table.domain.cohorts.len().max(sights(table).len()));
    let rules: String = (1..=panels.max().unwrap_or(0))
        .map(|at| {
            format!(".choice>input:nth-of-type({at}):checked~.panel:nth-of-type({at}){{display:block}}")
        })
        .collect();
    let long = if report.tables.iter().any(is_long) { LONG } else { "" };
    let grid = if report.tables.iter().any(is_grid) { GRID } else { "" };
    format!("{SHEET}@media screen{{.panel{{display:none}}{rules}}}{long}{grid}")
}

/// Tables of many rows keep their head in sight on a screen, and go over pages on paper.
const LONG: &str = "@media screen{.long{max-height:36rem;overflow:auto}.long thead th{position:sticky;top:0;z-index:1;background:var(--paper)}}\
                    @media print{.scroll.long,.long tbody{break-inside:auto}}";

/// Squares of a course sequence: tinted, and told apart without colour by a letter.
const GRID: &str = ".sequence td{min-width:6.4rem;border-left:1px solid var(--line)}.sequence .lower{background:color-mix(in srgb,var(--c1) 18%,transparent)}\
                    .sequence .equal{background:color-mix(in srgb,var(--c0) 14%,transparent)}.sequence .higher{background:color-mix(in srgb,var(--c2) 18%,transparent)}\
                    .relation{font-size:.7em;color:var(--soft);font-weight:600}@media print{.sequence td{print-color-adjust:exact;-webkit-print-color-adjust:exact}}";

const SHEET: &str = "
:root{color-scheme:light dark;--ink:#1c2126;--soft:#5a646e;--line:#d9dee3;--paper:#fff;--wash:#f4f6f8;--accent:#1f5f8b;--c0:#1f5f8b;--c1:#b8651b;--c2:#2f7d5b;--c3:#7a4f9a;--none:#aab2ba}
@media(prefers-color-scheme:dark){:root{--ink:#e7eaed;--soft:#a2acb6;--line:#39424b;--paper:#14181c;--wash:#1d2329;--accent:#79b4de;--c0:#79b4de;--c1:#e2a366;--c2:#76c3a0;--c3:#bb98d8;--none:#66707a}}
*{box-sizing:border-box}
body{margin:0;background:var(--paper);color:var(--ink);font:16px/1.55 system-ui,-apple-system,'Segoe UI',Roboto,'Helvetica Neue',Arial,sans-serif}
main{max-width:62rem;margin:0 auto;padding:2.5rem 1.25rem 4rem}
h1,h2,h3{line-height:1.2;font-weight:650;text-wrap:balance}
h1{font-size:1.9rem;margin:.2rem 0 .5rem}
h2{font-size:1.4rem;margin:3rem 0 .8rem;padding-top:1.4rem;border-top:2px solid var(--ink)}
h3{font-size:1.05rem;margin:2.2rem 0 .6rem}
p{max-width:42rem;margin:.5rem 0 .9rem}
.kicker,.purpose,figcaption,caption,.caveat,.note{color:var(--soft)}
.note{font-size:.9rem}
.kicker{margin:0;font-size:.9rem}
.headline{font-size:1.25rem;line-height:1.45}
.headline strong{color:var(--accent)}
.caveat{border-left:3px solid var(--line);padding-left:.9rem;font-size:.95rem}
.code{font-family:ui-monospace,SFMono-Regular,Menlo,Consolas,monospace;font-size:.9em;overflow-wrap:anywhere}
.segment{color:var(--soft);font-weight:400;font-size:.85em;white-space:nowrap}
.own{font-size:.75em;font-weight:600;color:var(--paper);background:var(--accent);border-radius:3px;padding:0 .35em}
.hidden{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%);white-space:nowrap}
.charts{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,27rem),1fr));gap:1.5rem}
figure{margin:0 0 1rem}
figcaption{font-size:.9rem;margin-bottom:.4rem}
svg{display:block;width:100%;max-width:40rem;height:auto;font:13px system-ui,-apple-system,'Segoe UI',Roboto,Arial,sans-serif;font-variant-numeric:tabular-nums}
svg text{fill:var(--ink)}
svg .tick,svg .detail,svg .kind{fill:var(--soft)}
svg .tick{font-size:12px}
svg .who{font-weight:600}
svg .why{font-size:9px}
svg .kind{font-weight:400}
.grid{stroke:var(--line)}
.trend{stroke:var(--accent);stroke-width:2}
.dot{fill:var(--accent)}
.whisker{stroke:var(--accent);stroke-width:1.5;fill:none}
.range{fill:var(--accent);opacity:.35}
.break{stroke:var(--soft);stroke-dasharray:3 4}
.node{fill:var(--ink)}
.band{opacity:.32}
.c0{fill:var(--c0)}.c1{fill:var(--c1)}.c2{fill:var(--c2)}.c3{fill:var(--c3)}.none{fill:var(--none)}
.withheld{fill:none;stroke:var(--soft);stroke-dasharray:4 3;opacity:1}
.choice{border:0;padding:0;margin:0 0 1.5rem;min-width:0}
.choice legend{padding:0;margin-bottom:.5rem}
.choice>input{position:absolute;opacity:0}
.choice>label{display:inline-block;border:1px solid var(--line);padding:.25rem .7rem;margin:0 .3rem .4rem 0;border-radius:3px;font-size:.9rem;font-variant-numeric:tabular-nums;cursor:pointer}
.choice>input:checked+label{background:var(--ink);border-color:var(--ink);color:var(--paper)}
.choice>input:focus-visible+label,.scroll:focus-visible,pre:focus-visible{outline:3px solid var(--accent);outline-offset:2px}
.panel{margin-top:.6rem}
.scroll{overflow-x:auto;margin:.4rem 0 1.6rem}
table{border-collapse:collapse;font-size:.93rem;font-variant-numeric:tabular-nums lining-nums;min-width:min(100%,36rem)}
caption{text-align:left;font-size:.9rem;padding-bottom:.5rem}
caption span.wrap{display:block;max-width:min(42rem,calc(100vw - 2.5rem))}
th,td{text-align:left;vertical-align:top;padding:.4rem .75rem .4rem 0;font-weight:400}
thead th{border-bottom:1px solid var(--ink);font-weight:600;vertical-align:bottom}
tbody tr{border-bottom:1px solid var(--line)}
tbody:last-child tr:last-child{border-bottom:1px solid var(--ink)}
.n{text-align:right;white-space:nowrap;padding-left:.6rem}
.year,th .code,.headline .code{white-space:nowrap}
.ci,.of{color:var(--soft);font-size:.86em}
.of{display:block}
.of .ci{font-size:1em}
.mark{position:relative}
.mark sup{font-size:.68em;line-height:0;margin-left:.05em}
.wide td{min-width:7.2rem}
.wide tbody th{min-width:7.4rem}
.bar{display:block;height:4px;width:5.5rem;margin:.22rem 0 .1rem auto;background:var(--line)}
.bar span{display:block;height:4px;background:var(--accent)}
.bar .span{opacity:.45}
.sums th{color:var(--soft);font-size:.9em;max-width:22rem}
.definition{background:var(--wash);padding:.4rem 1.2rem .8rem;margin-top:2rem}
.definition h3{margin-top:.8rem}
pre{font:.86rem/1.5 ui-monospace,SFMono-Regular,Menlo,Consolas,monospace;white-space:pre-wrap;margin:0}
dl.legend,dl.provenance{display:grid;grid-template-columns:max-content 1fr;gap:.25rem 1rem;margin:.5rem 0}
dt{color:var(--soft)}dd{margin:0}
.legend sup{font-size:.9em;line-height:1;vertical-align:baseline}
footer{margin-top:3rem;border-top:1px solid var(--line);padding-top:1rem;font-size:.88rem;color:var(--soft)}
@media(max-width:480px){body{font-size:15px}td .segment,th .segment{display:none}th,td{padding-right:.5rem}main{padding:1.25rem .9rem 3rem}h1{font-size:1.5rem}.headline{font-size:1.1rem}svg{font-size:14px}svg .tick{font-size:14px}}
@page{margin:15mm 13mm}
@media print{:root{font-size:10pt;--ink:#000;--soft:#444;--line:#bbb;--paper:#fff;--wash:#fff;--accent:#1f5f8b;--c0:#1f5f8b;--c1:#b8651b;--c2:#2f7d5b;--c3:#7a4f9a;--none:#aab2ba}body{font-size:10pt}main{max-width:none;padding:0}.choice>input,.choice>label{display:none}.panel{display:block}.places>legend{display:none}.flows{display:grid;grid-template-columns:1fr 1fr;column-gap:1.5rem}.flows svg{font-size:15px}.charts svg{max-width:27rem}.scroll{overflow:visible;break-inside:avoid}.wide th,.wide td{padding-top:.14rem;padding-bottom:.14rem;line-height:1.3}.bar{margin:.08rem 0 .06rem auto}figure,tr,tbody,aside,dl{break-inside:avoid}h2,h3,thead,.note{break-after:avoid}.bar,.bar span,.own,svg{print-color-adjust:exact;-webkit-print-color-adjust:exact}}
";
