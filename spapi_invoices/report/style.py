"""How the page looks, on a screen and on A4. Every colour is beside a word that says the same."""

from typing import Final

CSS: Final = """
:root{--ink:#1b2430;--soft:#56616f;--rule:#d5dbe2;--navy:#1f3a5f;
--open:#9a3412;--openbg:#fff4ec;--good:#166534;--goodbg:#eefaf1}
*{box-sizing:border-box}
body{margin:0;background:#fff;color:var(--ink);font:14px/1.45 system-ui,"Segoe UI",Roboto,Arial,sans-serif}
main{max-width:1240px;margin:0 auto;padding:32px 28px 8px}
h1{font-size:26px;margin:0;color:var(--navy);letter-spacing:-.01em}
h2{font-size:18px;margin:34px 0 8px;color:var(--navy);border-bottom:2px solid var(--navy);padding-bottom:4px}
h3{font-size:15px;margin:22px 0 4px}
p{margin:4px 0 8px}
.about{color:var(--soft);margin-top:4px}
.verdict{border:1px solid var(--rule);border-left:8px solid var(--soft)}
.verdict{padding:14px 20px;margin:20px 0 0;border-radius:4px}
.verdict.open{border-left-color:var(--open);background:var(--openbg)}
.verdict.good{border-left-color:var(--good);background:var(--goodbg)}
.verdict .label{text-transform:uppercase;letter-spacing:.06em;font-size:12px;font-weight:700;color:var(--soft);margin:0}
.verdict.open .label{color:var(--open)}
.verdict.good .label{color:var(--good)}
.verdict .sentence{font-size:21px;font-weight:600;margin:2px 0}
.verdict p:last-child{margin-bottom:0}
table{border-collapse:collapse;width:100%;margin:8px 0 4px;font-size:13px}
th{background:#eef2f6;color:var(--navy);text-align:left;vertical-align:bottom;font-weight:600}
thead th{border-bottom:1px solid var(--navy)}
th,td{padding:6px 9px}
td{border-bottom:1px solid var(--rule);vertical-align:top}
th.number,td.number{text-align:right}
td.number,td.instant{font-variant-numeric:tabular-nums;white-space:nowrap}
td.code,td.list{font-variant-numeric:tabular-nums;overflow-wrap:anywhere}
td.code{white-space:nowrap}
td.status{white-space:nowrap}
/* The same widths in every table of lines, so that the eye finds an amount where the last one was. */
table.matches{table-layout:fixed}
.matches td.number{overflow-wrap:anywhere;white-space:normal}
.matches th:nth-child(1){width:172px}
.matches th:nth-child(2),.matches th:nth-child(3){width:11%}
.matches th:nth-child(4){width:76px}
.matches th:nth-child(5),.matches th:nth-child(6),.matches th:nth-child(7){width:9.5%}
.matches th:nth-child(8){width:62px}
.badge{display:inline-block;border:1px solid;border-radius:3px;padding:1px 7px;font-weight:600;font-size:12px}
h3 .badge{font-size:14px}
.badge.open{color:var(--open);background:var(--openbg)}
.badge.good{color:var(--good);background:var(--goodbg)}
.count{color:var(--soft);font-weight:600}
.state.open strong{color:var(--open)}
.state.good strong{color:var(--good)}
.more,footer{color:var(--soft)}
ul{margin:6px 0;padding-left:20px}
li{margin:3px 0;max-width:110ch}
.sign{break-inside:avoid}
.fields{display:flex;gap:40px;margin-top:52px}
.fields div{flex:1;color:var(--soft)}
.fields .line{display:block;border-top:1px solid var(--ink);margin-bottom:4px}
footer{max-width:1240px;margin:24px auto;padding:0 28px;font-size:12px}
@page{size:A4 landscape;margin:12mm}
@media print{
body{font-size:9.5pt;-webkit-print-color-adjust:exact;print-color-adjust:exact}
main{padding:0;max-width:none}
footer{padding:0;max-width:none}
table{font-size:8pt}
th,td{padding:3px 6px}
thead{display:table-header-group}
tr{break-inside:avoid}
h2,h3{break-after:avoid}
.matches th:nth-child(1){width:38mm}
.matches th:nth-child(4){width:16mm}
.matches th:nth-child(8){width:13mm}
}
"""
