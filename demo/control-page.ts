import { randomBytes } from 'node:crypto';

const STYLE = `
  :root { color-scheme: dark; font: 14px/1.5 system-ui, sans-serif; background: #141517; color: #d6d7da; }
  body { max-width: 46rem; margin: 2rem auto; padding: 0 1rem; }
  h1 { font-size: 1.25rem; margin: 0; } h2 { font-size: 1rem; margin: 2rem 0 .5rem; }
  p { margin: .25rem 0 0; color: #a6a9b0; }
  fieldset { border: 0; margin: 0 0 .5rem; padding: 0; display: flex; flex-wrap: wrap; gap: .25rem 1rem; align-items: center; }
  legend { float: left; width: 9rem; font-weight: 600; }
  label { display: inline-flex; gap: .35rem; align-items: center; }
  button, select, input[type=number] { font: inherit; color: inherit; background: #25262b; border: 1px solid #4a4d55; border-radius: 4px; padding: .3rem .6rem; }
  button:hover { background: #2f3138; } :focus-visible { outline: 2px solid #4dabf7; outline-offset: 2px; }
  dl { display: grid; grid-template-columns: max-content 1fr; gap: .2rem 1.5rem; margin: 0; font-variant-numeric: tabular-nums; }
  dt { color: #a6a9b0; } dd { margin: 0; }
`;

const SCRIPT = `
  const words = { up: 'up', slow: 'slow', refuse: 'refuses', gone: 'gone', modalities: 'Modalities', pacs: 'PACS',
    'head-ct': 'head CT', 'chest-ct': 'chest CT', 'brain-mr': 'brain MR', 'pet-ct': 'PET/CT', twins: 'twins with one name' };
  const plain = (word) => words[word] ?? word.replaceAll('-', ' ');
  const make = (tag, about, ...inside) => { const one = Object.assign(document.createElement(tag), about); one.append(...inside); return one; };
  const told = document.querySelector('#told');
  async function post(path, body) {
    told.textContent = 'Working …';
    try {
      const answer = await fetch(path, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) });
      told.textContent = answer.ok ? 'Done.' : 'That was not done (' + answer.status + ').';
    } catch { told.textContent = 'The pretend hospital does not answer.'; }
    await show();
  }
  let isBuilt = false;
  function build(state) {
    isBuilt = true;
    for (const [machine, { states }] of Object.entries(state.machines)) {
      const choices = states.map((one) => make('label', {}, make('input', { type: 'radio', name: machine, value: one,
        onchange: () => post('/turn', { machine, state: one }) }), plain(one)));
      document.querySelector('#machines').append(make('fieldset', {}, make('legend', {}, plain(machine)), ...choices));
    }
    const every = state.possibleTroubles.filter((one) => one !== 'none').map((one) => make('label', {}, make('input', {
      type: 'checkbox', name: 'trouble', value: one, checked: state.troubles.includes(one), onchange: () => post('/troubles', {
        troubles: [...document.querySelectorAll('[name=trouble]:checked')].map(({ value }) => value) }) }), plain(one)));
    document.querySelector('#troubles').append(...every);
    for (const kind of state.kinds) document.querySelector('#kind').append(make('option', { value: kind }, plain(kind)));
    for (const one of state.possibleTroubles) document.querySelector('#trouble').append(make('option', { value: one }, one === 'none' ? 'no trouble' : plain(one)));
    document.querySelector('#pace').value = state.everyMs / 1000;
  }
  async function show() {
    let state;
    try { state = await (await fetch('/state')).json(); } catch { told.textContent = 'The pretend hospital does not answer.'; return; }
    if (!isBuilt) build(state);
    for (const [machine, { state: now }] of Object.entries(state.machines))
      for (const one of document.querySelectorAll('[name=' + machine + ']')) one.checked = one.value === now;
    const rows = [['Studies sent', state.sentStudies], ['Objects sent', state.sentObjects], ['Objects not taken', state.notTaken],
      ['Morning before', state.history.sent + ' of ' + state.history.planned + ' studies'],
      ['PACS holds', state.pacs === null ? 'not listening: its port was taken' : state.pacs.objects + ' objects, ' + (state.pacs.bytes / 1e6).toFixed(1) + ' MB']];
    document.querySelector('#facts').replaceChildren(...rows.flatMap(([name, value]) => [make('dt', {}, name), make('dd', {}, String(value))]));
  }
  document.querySelector('#set-pace').onclick = () => post('/pace', { everyMs: Math.round(Number(document.querySelector('#pace').value) * 1000) });
  document.querySelector('#send').onclick = () => post('/send', { kind: document.querySelector('#kind').value, trouble: document.querySelector('#trouble').value });
  show();
  setInterval(show, 2000);
`;

/** The page on which a demo's hospital is steered, and the nonce that its own script and style carry. */
export function controlPage(): { readonly html: string; readonly nonce: string } {
  const nonce = randomBytes(16).toString('base64');
  const html = `<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><title>Pretend hospital</title><style nonce="${nonce}">${STYLE}</style></head>
<body>
<h1>Pretend hospital</h1>
<p>Everything here is made up. What you turn off here, Wetread’s demo has to live with.</p>
<h2>Machines</h2>
<div id="machines"></div>
<h2>Arrivals</h2>
<fieldset><legend>Pace</legend><label>a study every <input id="pace" type="number" min="1" max="3600"> seconds</label><button id="set-pace">Set</button></fieldset>
<fieldset id="troubles"><legend>Every fourth has</legend></fieldset>
<fieldset><legend>One now</legend><select id="kind" aria-label="Kind of study"></select><select id="trouble" aria-label="Trouble"></select><button id="send">Send</button></fieldset>
<p id="told" role="status"></p>
<h2>So far</h2>
<dl id="facts"></dl>
<script nonce="${nonce}">${SCRIPT}</script>
</body>
</html>`;
  return { html, nonce };
}
