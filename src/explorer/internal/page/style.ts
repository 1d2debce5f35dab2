/**
 * The style sheet of a page, light and dark.
 */
import { rowHeight } from "./geometry.js"

export const style = `
:root {
  color-scheme: light dark;
  --ground: #ffffff; --panel: #f6f8fa; --ink: #1f2328; --soft: #59636e; --edge: #d1d9e0; --lane: #afb8c1;
  --mark: #0550ae; --bad: #b3202c; --good: #116329; --choice: #ddf0ff; --added: #dafbe1; --gone: #ffebe9; --client: #c9d7ee;
  --text: ui-sans-serif, system-ui, "Segoe UI", "Helvetica Neue", "Noto Sans", "DejaVu Sans", sans-serif;
  --code: ui-monospace, "SF Mono", "Cascadia Mono", Menlo, Consolas, "DejaVu Sans Mono", monospace;
}
@media (prefers-color-scheme: dark) {
  :root {
    --ground: #0d1117; --panel: #151b23; --ink: #e6edf3; --soft: #9da7b1; --edge: #30363d; --lane: #4b535d;
    --mark: #79b8ff; --bad: #ff7b72; --good: #56d364; --choice: #1d3552; --added: #12361f; --gone: #4a1a1d; --client: #2b3f60;
  }
}
* { box-sizing: border-box; }
html, body { height: 100%; margin: 0; }
body { display: grid; grid-template-rows: auto minmax(0, 1fr); background: var(--ground); color: var(--ink); font: 14px/1.45 var(--text); }
h1, h2, h3, p, ol, ul, dl, dd { margin: 0; padding: 0; }
header { display: flex; flex-wrap: wrap; gap: 4px 24px; align-items: baseline; padding: 10px 16px; border-bottom: 1px solid var(--edge); }
h1 { font-size: 17px; font-weight: 650; }
.finding { color: var(--soft); }
.finding.bad { color: var(--bad); font-weight: 600; }
.keys { margin-left: auto; color: var(--soft); font-size: 12px; }
kbd { font: 11px var(--code); border: 1px solid var(--edge); border-bottom-width: 2px; border-radius: 4px; padding: 0 4px; background: var(--panel); }
main { display: grid; grid-template-columns: minmax(0, 1fr) minmax(320px, 364px); min-height: 0; }
#scroll { overflow: auto; min-height: 0; position: relative; }
.heads, .body { display: flex; width: max-content; min-width: 100%; }
.heads { position: sticky; top: 0; z-index: 3; background: var(--panel); border-bottom: 1px solid var(--edge); height: 34px; }
.corner { position: sticky; left: 0; z-index: 4; width: 288px; flex: none; background: var(--panel); border-right: 1px solid var(--edge); padding: 7px 12px; font-size: 12px; color: var(--soft); }
.names { position: relative; flex: none; }
.names span { position: absolute; top: 6px; transform: translateX(-50%); max-width: 104px; overflow: hidden; text-overflow: ellipsis; white-space: nowrap; font: 600 12px/20px var(--code); }
.names span.client { transform: none; color: var(--soft); }
#steps { position: sticky; left: 0; z-index: 2; width: 288px; flex: none; list-style: none; background: var(--ground); border-right: 1px solid var(--edge); }
#steps a { display: flex; gap: 8px; align-items: center; height: ${rowHeight}px; padding: 0 8px 0 0; color: inherit; text-decoration: none; font: 12px var(--code); border-left: 3px solid transparent; }
#steps a:hover { background: var(--panel); }
#steps a:focus-visible { outline: 2px solid var(--mark); outline-offset: -2px; }
#steps a[aria-current] { background: var(--choice); border-left-color: var(--mark); }
#steps .number { width: 34px; flex: none; text-align: right; color: var(--soft); }
#steps .label { overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
#steps .false { margin-left: auto; color: var(--bad); font-weight: 700; flex: none; }
#steps .looping .number::before { content: "\\21bb "; color: var(--mark); }
svg { display: block; flex: none; }
#diagram { cursor: pointer; }
#cursor { fill: var(--choice); }
svg text { font: 10.5px var(--code); fill: var(--ink); }
svg text.t { paint-order: stroke; stroke: var(--ground); stroke-width: 3px; stroke-linejoin: round; }
.lane { stroke: var(--lane); stroke-width: 1.5; }
.world { stroke: var(--soft); stroke-dasharray: 1 4; }
.g { fill: var(--ground); stroke: var(--ink); stroke-width: 1.5; }
.g.full { fill: var(--ink); }
.stroke, .line, .loop { fill: none; stroke: var(--ink); stroke-width: 1.5; }
.g.full.good { fill: var(--good); stroke: var(--good); }
.g.bad { stroke: var(--bad); }
.stroke.bad { stroke: var(--bad); stroke-width: 2.5; }
.m .line { stroke: var(--mark); stroke-width: 1.4; stroke-opacity: .8; }
.m .g.head, .m .stroke.head { stroke: var(--mark); }
.m .g.full.head { fill: var(--mark); stroke: none; }
.m.copy .line { stroke-dasharray: 9 3 2 3; }
.m.lost .line { stroke: var(--bad); stroke-dasharray: 5 4; }
.m.ignored .line { stroke: var(--soft); stroke-width: 1; }
.m.inFlight .line { stroke-dasharray: 2 2; }
.m:hover .line, .m.on .line { stroke-width: 3; stroke-opacity: 1; }
.m.on text { font-weight: 700; }
.hatch { stroke: var(--bad); stroke-width: 2; }
.dots { fill: var(--soft); }
.partition .edge { stroke: var(--soft); stroke-width: 1.5; stroke-dasharray: 7 3; fill: none; }
.partition text { font-weight: 700; }
.down rect { stroke: var(--bad); stroke-width: 1; }
.down .ground { fill: var(--ground); }
.loop { stroke: var(--mark); }
text.loop { stroke: var(--ground); fill: var(--mark); font-weight: 700; }
.bar { fill: var(--client); stroke: var(--mark); stroke-width: 1; }
.violation .bar { fill: var(--ground); stroke: var(--bad); stroke-width: 1.5; }
svg text.bad { fill: var(--bad); font-weight: 700; }
svg text.reply { fill: var(--soft); }
.point { fill: var(--ground); stroke: var(--ink); stroke-width: 1.5; }
svg text.order { stroke: none; font-weight: 700; }
aside { border-left: 1px solid var(--edge); background: var(--panel); overflow: auto; min-height: 0; padding: 12px 16px 32px; }
aside nav { display: flex; align-items: center; gap: 6px; margin-bottom: 6px; }
aside nav h2 { font-size: 15px; margin-right: auto; }
button { font: 13px var(--text); color: inherit; background: var(--ground); border: 1px solid var(--edge); border-radius: 6px; padding: 2px 10px; cursor: pointer; }
button:hover { border-color: var(--mark); }
button:focus-visible, summary:focus-visible { outline: 2px solid var(--mark); }
#event { font: 12.5px/1.5 var(--code); overflow-wrap: anywhere; }
aside h3 { font-size: 11px; letter-spacing: .06em; text-transform: uppercase; color: var(--soft); margin: 16px 0 5px; font-weight: 650; }
aside ul { list-style: none; }
aside li, .tree { font: 12px/1.55 var(--code); overflow-wrap: anywhere; }
.holds::before { content: "\\2713"; color: var(--good); font-weight: 700; padding-right: 8px; }
.fails::before { content: "\\2717"; color: var(--bad); font-weight: 700; padding-right: 8px; }
.fails { color: var(--bad); }
.open::before { content: "\\25cb"; color: var(--soft); padding-right: 8px; }
.change { padding: 3px 8px; border-left: 3px solid var(--edge); margin-bottom: 4px; background: var(--ground); }
.change b { font-weight: 600; display: block; }
del, ins { text-decoration: none; border-radius: 3px; padding: 0 3px; -webkit-box-decoration-break: clone; box-decoration-break: clone; }
del { background: var(--gone); } del::before { content: "\\2212\\a0"; }
ins { background: var(--added); } ins::before { content: "+\\a0"; }
.fate { color: var(--soft); }
details { margin: 2px 0; }
.part { border: 1px solid var(--edge); border-radius: 6px; background: var(--ground); padding: 3px 8px; margin-bottom: 5px; }
.part > b { font-weight: 600; padding-right: 6px; }
.part > summary { font: 600 12px/1.6 var(--code); }
.part.changed > summary::after, div.part.changed::after { content: "changed"; font: 11px var(--text); color: var(--mark); border: 1px solid currentColor; border-radius: 9px; padding: 0 6px; margin-left: 8px; }
summary { cursor: pointer; overflow-wrap: anywhere; }
.tree ul { padding-left: 14px; border-left: 1px solid var(--edge); margin-left: 3px; }
.key { color: var(--mark); }
.none { color: var(--soft); font-size: 12px; }
.legend { display: flex; flex-wrap: wrap; gap: 2px 14px; padding: 5px 16px; border-bottom: 1px solid var(--edge); font-size: 12px; color: var(--soft); width: 100%; }
.legend span { display: inline-flex; align-items: center; gap: 5px; white-space: nowrap; }
aside a { color: var(--mark); }
aside p { font-size: 12px; }
#next { padding-left: 30px; }
#next li { margin-bottom: 3px; }
#next .fails, #next .fate { white-space: nowrap; padding-left: 6px; }
.top { border-bottom: 0; }
`
