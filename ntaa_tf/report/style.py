"""The style sheet of all pages."""

STYLE = """
:root {
  color-scheme: light dark;
  --paper: #fff; --ink: #1f2933; --quiet: #5b6773; --line: #dfe3e8;
  --card: #f6f8fa; --accent: #1d4ed8;
}
@media (prefers-color-scheme: dark) {
  :root {
    --paper: #12161b; --ink: #e4e8ec; --quiet: #98a4b0; --line: #2b333c;
    --card: #1a2027; --accent: #7aa7ff;
  }
}
body {
  margin: 0 auto; padding: 2.5rem 1.25rem 4rem; max-width: 68rem;
  background: var(--paper); color: var(--ink);
  font: 1rem/1.55 system-ui, -apple-system, "Segoe UI", sans-serif;
}
h1, .headline { overflow-wrap: anywhere; }
h1 { margin: 0; font-size: 1.9rem; line-height: 1.2; }
h2 { margin: 2.75rem 0 .75rem; font-size: 1.2rem; }
h3 { margin: 1.5rem 0 .5rem; font-size: 1rem; }
.headline {
  margin: 1rem 0 0; padding-left: 1rem; border-left: 4px solid var(--accent);
  max-width: 46rem; font-size: 1.15rem;
}
caption {
  caption-side: bottom; padding-top: .5rem; color: var(--quiet);
  font-size: .875rem; text-align: left;
}
.results caption { max-width: 88vw; }
.columns > .pairs { margin-top: 0; margin-bottom: 1.25rem; }
.results + .panels, .scroll + .panels { margin-top: 1.25rem; }
.pairs { margin-top: 1.25rem; }
.pairs caption {
  caption-side: top; padding: 0 0 .25rem; color: var(--ink); font-size: 1rem;
  font-weight: 600;
}
.pairs th { white-space: normal; }
.pairs td { white-space: pre-wrap; overflow-wrap: anywhere; min-width: 6rem; }
.scroll { overflow-x: auto; }
.picture {
  position: relative; left: 50%; transform: translateX(-50%);
  width: max-content; min-width: 100%; max-width: 94vw;
}
table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
th, td {
  padding: .4rem .9rem; border-bottom: 1px solid var(--line);
  text-align: left; white-space: nowrap;
}
th { color: var(--quiet); font-size: .8125rem; font-weight: 600; }
.results, .compared { width: 100%; }
.results th + th, .results td, .compared th + th, .compared td {
  text-align: right;
}
.results tbody th, .compared tbody th { color: var(--ink); font-size: 1rem; }
.results tbody tr:last-child { background: var(--card); font-weight: 700; }
.listing tbody tr:last-child { background: none; font-weight: inherit; }
.panels {
  display: grid; gap: 1rem;
  grid-template-columns: repeat(auto-fill, minmax(min(24rem, 100%), 1fr));
}
.panels svg {
  box-sizing: border-box; width: 100%; height: auto; padding: .75rem;
  border: 1px solid var(--line); border-radius: .6rem;
}
.wide { grid-template-columns: minmax(0, 44rem); }
.columns {
  display: flex; flex-wrap: wrap; align-items: flex-start; gap: 0 3rem;
}
.columns > * { max-width: 100%; }
pre {
  padding: .75rem 1rem; border-radius: .6rem; background: var(--card);
  font-size: .875rem; white-space: pre-wrap; overflow-wrap: anywhere;
}
details { margin-top: 1rem; }
summary { cursor: pointer; color: var(--accent); }
a { color: var(--accent); }
li { margin: .25rem 0; }
@media (max-width: 40rem) {
  th, td { padding: .4rem .5rem; }
  .results tbody th, .compared tbody th { white-space: normal; }
}
.dot {
  display: inline-block; width: .7em; height: .7em; margin-right: .5em;
  border-radius: 50%;
}
"""
