'use strict';

const byId = (id) => document.getElementById(id);

// Stored bytes may be anything; only text is ever put into the page, and never as markup.
function show(lines) {
  byId('answer').hidden = false;
  byId('answer').textContent = lines.filter((line) => line !== '').join('\n');
}

async function refreshStatus() {
  const state = byId('state');
  try {
    const answer = await fetch('/v1/status');
    const status = await answer.json();
    const good = status.state === 'serving' && status.storage.mode === 'writable';
    state.textContent = status.state + ', storage ' + status.storage.mode;
    state.className = 'state ' + (good ? 'good' : 'bad');
    const facts = [
      ['node', status.node],
      ['cluster', status.cluster],
      ['engine', status.engine + ', ' + status.storage.size_bytes.toLocaleString() + ' bytes'],
      ['version', status.version],
      ['up since', status.started_at],
    ];
    if (status.storage.reason) facts.push(['storage', status.storage.reason]);
    const list = byId('facts');
    list.replaceChildren();
    for (const [name, value] of facts) {
      const term = document.createElement('dt');
      term.textContent = name;
      const description = document.createElement('dd');
      description.textContent = value;
      list.append(term, description);
    }
  } catch (error) {
    state.textContent = 'the node does not answer';
    state.className = 'state bad';
  }
}

async function submit(event) {
  event.preventDefault();
  const method = event.submitter ? event.submitter.value : 'PUT';
  const request = {method};
  if (method === 'PUT') {
    request.body = byId('value').value;
    request.headers = {'Content-Type': 'text/plain; charset=utf-8'};
  }
  try {
    const answer = await fetch('/v1/kv/' + encodeURIComponent(byId('key').value), request);
    const text = await answer.text();
    const version = answer.headers.get('ETag');
    show([
      answer.status + ' ' + answer.statusText + ' from node ' + answer.headers.get('Quoin-Node'),
      version ? 'version ' + version : '',
      text,
    ]);
    if (method === 'GET' && answer.ok) byId('value').value = text;
  } catch (error) {
    show(['The node did not answer. A write that was under way may or may not have taken effect.']);
  }
}

for (const place of document.querySelectorAll('.origin')) place.textContent = location.origin;
byId('form').addEventListener('submit', submit);
refreshStatus();
setInterval(refreshStatus, 5000);
