// What to do when a key has changed since it was read: both values, and a choice. Nothing is lost before one is made.
import {h} from './dom.js';
import {preview} from './value_text.js';

function column(title, note, bytes, marked) {
  return h('div', {class: `side ${marked}`}, h('h4', {}, title), h('p', {class: 'soft'}, note),
           bytes === null ? h('p', {class: 'value none'}, 'There is no such key.') :
           h('pre', {class: 'value', tabindex: 0, 'aria-label': title}, preview(bytes)));
}

// Shows it in `place`, and resolves with 'mine', 'theirs' or 'later'. `theirs`: the State that was found, null: the key
// is absent; `mine`: bytes, null: to be deleted.
export function askConflict(place, {theirs, mine}) {
  return new Promise((resolve) => {
    const choose = (choice) => () => {
      place.replaceChildren();
      place.hidden = true;
      resolve(choice);
    };
    const title = h('h3', {id: 'conflict-title', tabindex: -1}, theirs === null ?
      'Somebody deleted this key in the meantime' : 'Somebody changed this key in the meantime');
    place.replaceChildren(
        title,
        h('p', {}, mine === null ? 'It was not deleted.' : 'Yours was not saved: it would have replaced what you have not seen.'),
        h('div', {class: 'sides'},
          column('On the cluster', theirs === null ? 'deleted, or expired' :
                 `version ${theirs.version}${theirs.contentType ? `, ${theirs.contentType}` : ''}`, theirs?.bytes() ?? null, 'theirs'),
          mine === null ? null : column('Yours', 'not saved', mine, 'mine')),
        h('div', {class: 'buttons'},
          h('button', {type: 'button', id: 'conflict-mine', class: 'danger', onclick: choose('mine')},
            mine === null ? 'Delete it nevertheless' : 'Replace it with mine'),
          h('button', {type: 'button', id: 'conflict-theirs', onclick: choose('theirs')},
            theirs === null ? 'Let it be deleted' : 'Take theirs'),
          h('button', {type: 'button', id: 'conflict-later', class: 'quiet', onclick: choose('later')}, 'Back to editing')));
    place.hidden = false;
    title.focus();
  });
}
