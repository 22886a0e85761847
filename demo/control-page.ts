import { randomBytes } from 'node:crypto';

const STYLE = `
  :root { color-scheme: dark; font: 14px/1.5 system-ui, sans-serif; background: #141517; color: #d6d7da; }
  body { max-width: 66rem; margin: 1.5rem auto; padding: 0 1rem; }
  h1 { font-size: 1.25rem; margin: 0; } h2 { font-size: 1rem; margin: 2rem 0 .6rem; } h3 { font-size: 1rem; margin: 0; }
  p { margin: .25rem 0 0; color: #a6a9b0; }
  .cards { display: grid; grid-template-columns: repeat(auto-fit, minmax(15rem, 1fr)); gap: .75rem; }
  .card { background: #1a1b1e; border: 1px solid #2c2e33; border-radius: 6px; padding: .75rem .9rem; display: flex; flex-direction: column; gap: .5rem; }
  .card p { margin: 0; font-variant-numeric: tabular-nums; overflow-wrap: anywhere; }
  .card[data-state=gone] { border-color: #a33a3a; } .card[data-state=refuse], .card[data-state=error] { border-color: #a3701f; } .card[data-state=slow] { border-color: #7d742b; }
  fieldset { border: 0; margin: 0 0 .6rem; padding: 0; display: grid; grid-template-columns: 8.5rem 1fr; align-items: baseline; }
  fieldset div { display: flex; flex-wrap: wrap; gap: .25rem 1rem; align-items: center; }
  .card fieldset { display: block; margin: 0; } .card fieldset div { flex-direction: column; align-items: flex-start; gap: .1rem; }
  legend { float: left; font-weight: 600; } .card legend { position: absolute; clip-path: inset(50%); width: 1px; height: 1px; overflow: hidden; }
  label { display: inline-flex; gap: .35rem; align-items: center; }
  button, select, input[type=number] { font: inherit; color: inherit; background: #25262b; border: 1px solid #4a4d55; border-radius: 4px; padding: .3rem .6rem; }
  button:hover { background: #2f3138; } :focus-visible { outline: 2px solid #4dabf7; outline-offset: 2px; }
  dl { display: grid; grid-template-columns: max-content 1fr; gap: .2rem 1.5rem; margin: 0; font-variant-numeric: tabular-nums; }
  dt { color: #a6a9b0; } dd { margin: 0; }
  .list { border: 1px solid #2c2e33; border-radius: 6px; max-height: 19rem; overflow: auto; margin-top: .5rem; }
  .list:empty { display: none; }
  details { border-bottom: 1px solid #2c2e33; } details:last-child { border: 0; }
  summary { display: grid; grid-template-columns: 12.5rem 8rem 8rem 1fr; gap: .75rem; padding: .25rem .75rem; cursor: pointer; font-variant-numeric: tabular-nums; list-style: none; }
  summary:hover { background: #202125; } summary span { overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
  pre { margin: 0; padding: .5rem .75rem; background: #101113; white-space: pre-wrap; overflow-wrap: anywhere; font-size: 12px; }
  .waiting span:last-child { color: #d8b45a; } .refused span:last-child { color: #e58a8a; }
  @media (max-width: 44rem) { summary { grid-template-columns: 1fr 1fr; gap: 0 .75rem; } fieldset { grid-template-columns: 1fr; } }
`;

const SCRIPT = `
  const words = { up: 'up', slow: 'slow', refuse: 'refuses for now', error: 'finds fault', gone: 'gone',
    modalities: 'Modalities', pacs: 'PACS', ris: 'RIS', ehr: 'EHR', stat: 'STAT', 'head-ct': 'head CT', 'chest-ct': 'chest CT', 'brain-mr': 'brain MR',
    'pet-ct': 'PET/CT', twins: 'twins with one name', misspelt: 'misspelt, mended later (A08)', 'double-registration': 'registered twice, merged later (A40)' };
  const particular = { modalities: { refuse: 'breaks off halfway' }, pacs: { refuse: 'rejects associations' },
    ris: { refuse: 'answers AR', error: 'answers AE' }, ehr: { refuse: 'answers 503', error: 'answers 422 to writing' } };
  const plain = (word) => words[word] ?? word.replaceAll('-', ' ');
  const many = (count, one, more = one + 's') => count + ' ' + (count === 1 ? one : more);
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
  const noPort = ['Not listening: its port was taken.'];
  const facts = {
    modalities: (state) => [many(state.sentStudies, 'study', 'studies') + ' with ' + many(state.sentObjects, 'object') + ' sent, ' + state.notTaken + ' not taken.'],
    pacs: ({ pacs }) => pacs === null ? noPort : ['Port ' + pacs.port, 'Holds ' + many(pacs.objects, 'object') + ', ' + (pacs.bytes / 1e6).toFixed(1) + ' MB.'],
    ris: ({ ris }) => {
      if (ris === null) return noPort;
      const wait = many(ris.counts.waiting, 'message') + (ris.counts.waiting === 1 ? ' waits' : ' wait');
      const there = { untried: 'Nothing sent yet.', answers: 'Port ' + ris.stationPort + ' answers: ' + wait + '.', 'nobody-listens': 'Nobody listens on ' + ris.stationPort + ' yet: ' + wait + '.',
        'no-answer': 'Port ' + ris.stationPort + ' does not answer: ' + wait + '.', busy: 'Port ' + ris.stationPort + ' says not now: ' + wait + '.' }[ris.station];
      return ['Takes results on port ' + ris.port, there, ris.counts.accepted + ' taken, ' + ris.counts.refused + ' refused.'];
    },
    ehr: ({ ehr }) => ehr === null ? noPort
      : ['http://127.0.0.1:' + ehr.port + '/fhir', 'Holds ' + Object.entries(ehr.held).map(([type, count]) => count + ' ' + type).join(', ') + '.', ehr.count + ' written from outside.'],
  };
  let isBuilt = false;
  function build(state) {
    isBuilt = true;
    for (const [machine, { states }] of Object.entries(state.machines)) {
      const choices = states.map((one) => make('label', {}, make('input', { type: 'radio', name: machine, value: one,
        onchange: () => post('/turn', { machine, state: one }) }), particular[machine]?.[one] ?? plain(one)));
      document.querySelector('#machines').append(make('section', { className: 'card', id: 'card-' + machine },
        make('h3', {}, plain(machine)), make('fieldset', {}, make('legend', {}, plain(machine)), make('div', {}, ...choices)), make('div', { id: 'facts-' + machine })));
    }
    const every = state.possibleTroubles.filter((one) => one !== 'none').map((one) => make('label', {}, make('input', {
      type: 'checkbox', name: 'trouble', value: one, checked: state.troubles.includes(one), onchange: () => post('/troubles', {
        troubles: [...document.querySelectorAll('[name=trouble]:checked')].map(({ value }) => value) }) }), plain(one)));
    document.querySelector('#troubles').append(...every);
    for (const kind of state.kinds) document.querySelector('#kind').append(make('option', { value: kind }, plain(kind)));
    for (const one of state.possibleTroubles) document.querySelector('#trouble').append(make('option', { value: one }, one === 'none' ? 'no trouble' : plain(one)));
    document.querySelector('#pace').value = state.everyMs / 1000;
  }
  // A list is drawn anew only when it changed, and what was open stays open.
  const drawn = {};
  function list(id, rows, empty) {
    const text = JSON.stringify(rows);
    if (drawn[id] === text) return;
    drawn[id] = text;
    const place = document.querySelector('#' + id);
    const open = new Set([...place.querySelectorAll('details[open]')].map(({ dataset }) => dataset.key));
    const focused = document.activeElement?.closest?.('details')?.dataset.key;
    document.querySelector('#' + id + '-none').textContent = rows.length === 0 ? empty : '';
    place.replaceChildren(...rows.map(({ key, cells, mark, text }) => {
      const one = make('details', { open: open.has(key) }, make('summary', { className: mark }, ...cells.map((cell) => make('span', { title: cell }, cell))), make('pre', {}, text));
      one.dataset.key = key;
      return one;
    }));
    if (focused !== undefined) place.querySelector('details[data-key="' + CSS.escape(focused) + '"] summary')?.focus();
  }
  async function show() {
    let state;
    try { state = await (await fetch('/state')).json(); } catch { told.textContent = 'The pretend hospital does not answer.'; return; }
    if (!isBuilt) build(state);
    for (const [machine, { state: now }] of Object.entries(state.machines)) {
      for (const one of document.querySelectorAll('[name=' + machine + ']')) one.checked = one.value === now;
      document.querySelector('#card-' + machine).dataset.state = now;
      const lines = facts[machine](state).map((line) => make('p', {}, line));
      document.querySelector('#facts-' + machine).replaceChildren(...lines);
    }
    document.querySelector('#morning').textContent = 'Of the morning before ' + state.history.sent + ' of ' + state.history.planned + ' studies are sent.';
    const standing = { waiting: 'waits', accepted: 'taken', refused: 'refused' };
    list('sent', (state.ris?.sent ?? []).map((one) => ({ key: one.controlId, mark: one.state, text: one.text, cells: [one.kind + ' ' + one.controlId.split('-')[0], one.mrn, one.accession,
      standing[one.state] + (one.answer === '' ? '' : ' (' + one.answer + (one.attempts > 1 ? ', ' + one.attempts + ' attempts' : '') + ')')] })), 'Nothing ordered yet.');
    list('results', (state.ris?.received ?? []).map((one, index) => ({ key: one.controlId + index, mark: '', text: one.text.replaceAll('\\r', '\\n'),
      cells: ['ORU^R01 ' + one.controlId, one.mrn, one.accession, 'status ' + one.status + (one.isOfAnOrder ? '' : ', of no order of this day')] })), 'No result has come.');
    list('written', (state.ehr?.last ?? []).map((one, index) => ({ key: one.resource + index, mark: '', text: one.text,
      cells: [one.resource.split('/')[0], one.resource.split('/')[1], one.outcome, ''] })), 'Nobody wrote anything.');
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
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>Pretend hospital</title><style nonce="${nonce}">${STYLE}</style></head>
<body>
<main>
<h1>Pretend hospital</h1>
<p>Everything here is made up. What you turn off here, Wetread’s demo has to live with.</p>
<h2>Machines</h2>
<div id="machines" class="cards"></div>
<h2>Arrivals</h2>
<fieldset><legend>Pace</legend><div><label>a study every <input id="pace" type="number" min="1" max="3600"> seconds</label><button id="set-pace">Set</button></div></fieldset>
<fieldset><legend>One in four has</legend><div id="troubles"></div></fieldset>
<fieldset><legend>One now</legend><div><select id="kind" aria-label="Kind of study"></select><select id="trouble" aria-label="Trouble"></select><button id="send">Send</button></div></fieldset>
<p id="morning"></p>
<p id="told" role="status"></p>
<h2>What the RIS says</h2>
<p id="sent-none"></p><div id="sent" class="list"></div>
<h2>What the RIS was told</h2>
<p id="results-none"></p><div id="results" class="list"></div>
<h2>What was written into the EHR</h2>
<p id="written-none"></p><div id="written" class="list"></div>
</main>
<script nonce="${nonce}">${SCRIPT}</script>
</body>
</html>`;
  return { html, nonce };
}
