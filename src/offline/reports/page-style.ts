/** What every report page looks like: light or dark as the reader's system is, and readable on a phone. */
export const pageStyle = `
:root{color-scheme:light dark;--text:#1a1a1a;--faint:#666;--line:#ddd;--paper:#fff;--blue:#2563eb;--red:#dc2626;--grey:#888;--green:#15803d}
@media (prefers-color-scheme:dark){:root{--text:#e5e7eb;--faint:#9ca3af;--line:#3f3f46;--paper:#18181b;--blue:#60a5fa;--red:#f87171;--grey:#9ca3af;--green:#4ade80}}
body{font:14px/1.45 system-ui,sans-serif;margin:2rem auto;max-width:1000px;padding:0 1rem;color:var(--text);background:var(--paper)}
h1{font-size:1.4rem}h2{font-size:1.1rem;margin-top:2rem}h3{font-size:1rem;margin:1.5rem 0 .4rem}
.wide{overflow-x:auto}table{border-collapse:collapse;font-variant-numeric:tabular-nums}
td,th{border-bottom:1px solid var(--line);padding:.25rem .6rem;text-align:right;white-space:nowrap}td:first-child,th:first-child{text-align:left}
.plots{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(420px,100%),1fr));gap:1rem}
svg{font:11px system-ui,sans-serif;fill:var(--text);width:100%;height:auto}svg .title{font-size:13px;font-weight:600}
.row{display:grid;grid-template-columns:minmax(0,14rem) minmax(0,1fr) 13rem;gap:.2rem .7rem;align-items:center;padding:.12rem 0;font-variant-numeric:tabular-nums}
.row .name{text-align:right;overflow-wrap:anywhere}.bar{position:relative;height:14px}.bar i{position:absolute;top:0;bottom:0;background:var(--grey)}
.row.ours .bar i{background:var(--green)}.bar b{position:absolute;top:6px;height:2px;background:var(--text)}.bar u{position:absolute;top:-2px;bottom:-2px;width:1px;background:var(--faint)}
@media (max-width:640px){.row{grid-template-columns:1fr auto}.row .name{text-align:left}.row .bar{grid-column:1/-1;grid-row:2}}
`;
