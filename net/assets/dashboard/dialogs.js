// Dialogs: the browser's own <dialog>, so that Escape closes it, focus stays inside, and comes back afterwards.
import {h} from './dom.js';

let last = 0;

// Shows a dialog with what `fill(close)` makes of it: {title, body (elements), buttons}. Resolves with what close was
// given, null when it was dismissed.
export function openDialog(fill) {
  return new Promise((resolve) => {
    const id = `dialog-${++last}`;
    let told = null;
    const dialog = h('dialog', {'aria-labelledby': id});
    const close = (value) => {
      told = value;
      dialog.close();
    };
    const {title, body, buttons} = fill(close);
    dialog.append(h('h2', {id}, title), ...body, h('div', {class: 'buttons'}, ...buttons));
    dialog.addEventListener('close', () => {
      dialog.remove();
      resolve(told);
    });
    // A click beside it.
    dialog.addEventListener('click', (event) => {
      if (event.target === dialog) close(null);
    });
    document.body.append(dialog);
    dialog.showModal();
  });
}

// Asks for a second, explicit step. `word`: what must be typed for it; without one a click is enough.
export function confirmDialog({title, text, action, word, details = []}) {
  return openDialog((close) => {
    const button = h('button', {type: 'submit', class: 'danger', disabled: word !== undefined}, action);
    const form = h('form', {method: 'dialog', onsubmit: (event) => {
      event.preventDefault();
      if (!button.disabled) close(true);
    }});
    const body = [h('p', {}, text), ...details];
    if (word !== undefined) {
      const input = h('input', {
        id: 'confirm-word', autocomplete: 'off', spellcheck: 'false', autocapitalize: 'off', autofocus: true,
        oninput: () => { button.disabled = input.value.trim().toLowerCase() !== word.toLowerCase(); },
      });
      body.push(h('label', {for: 'confirm-word'}, 'To confirm, type ', h('strong', {class: 'mono'}, word)), input);
    }
    form.append(...body, h('div', {class: 'buttons'}, button,
                           h('button', {type: 'button', class: 'quiet', onclick: () => close(null)}, 'Cancel')));
    return {title, body: [form], buttons: []};
  });
}

const SHORTCUTS = [
  ['1', 'the cluster'], ['2', 'the keys'], ['/', 'search keys by prefix'], ['n', 'a new key'],
  ['↑ ↓ Page Home End', 'in the list of keys; Enter opens one'], ['← →', 'on the ring: one partition after another'],
  ['Ctrl Enter', 'save the key that is being edited'], ['Esc', 'close a dialog, or the key'], ['?', 'this list'],
];

export function shortcutsDialog() {
  return openDialog((close) => ({
    title: 'Keyboard',
    body: [h('dl', {class: 'shortcuts'}, ...SHORTCUTS.flatMap(([keys, what]) => [
      h('dt', {}, ...keys.split(' ').flatMap((key) => [h('kbd', {}, key), ' '])), h('dd', {}, what)]))],
    buttons: [h('button', {type: 'button', autofocus: true, onclick: () => close(null)}, 'Close')],
  }));
}
