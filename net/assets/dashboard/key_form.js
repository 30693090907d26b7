// The form in which one key is looked at and edited: its elements, and what stands in them as bytes, type and life.
// What is done with it is editor.js.
import {h, setText} from './dom.js';
import {bytes as showBytes, clock, duration} from './format.js';
import {parseKey, shownKey} from './key_text.js';
import {bestFormat, readValue, showValue} from './value_text.js';

const FORMATS = [['text', 'Text'], ['json', 'JSON'], ['hex', 'Hex']];
const TYPES = ['text/plain; charset=utf-8', 'application/json', 'application/octet-stream', 'text/html; charset=utf-8'];
const NEW_TYPES = {text: TYPES[0], json: TYPES[1], hex: ''};
const UNITS = [['1000', 'seconds'], ['60000', 'minutes'], ['3600000', 'hours'], ['86400000', 'days']];

export class KeyForm {
  #format = 'text';
  #original = new Uint8Array();  // What the field shows, while it is not edited.
  #edited = false;
  #typeTouched = false;
  #on;

  // `on`: {save, remove, reload, close, follow(checked), edited}: what buttons do. `key`: null for a new one.
  constructor(key, on) {
    this.#on = on;
    const isNew = key === null;
    const shown = isNew ? {text: 'A new key', escaped: false} : shownKey(key);
    const titleClass = isNew ? '' : shown.escaped ? 'mono escaped' : 'mono';
    this.title = h('h2', {tabindex: -1, id: 'editor-title', class: titleClass}, shown.text);
    this.keyInput = h('input', {id: 'key', class: 'mono', required: true, spellcheck: 'false', autocapitalize: 'off',
                                autocomplete: 'off', oninput: () => this.#touch()});
    this.keyEscaped = h('input', {type: 'checkbox', id: 'key-escaped'});
    this.value = h('textarea', {id: 'value', class: 'mono', rows: 10, spellcheck: 'false', autocapitalize: 'off',
                                'aria-describedby': 'value-note value-problem', oninput: () => this.#touch()});
    this.type = h('input', {id: 'type', list: 'types', maxlength: 256, spellcheck: 'false', autocapitalize: 'off',
                            oninput: () => { this.#typeTouched = true; this.#touch(); }});
    const lives = isNew ? [['keep', 'until it is deleted'], ['for', 'for…']] :
        [['keep', 'as long as it has'], ['ever', 'until it is deleted'], ['for', 'for…']];
    this.life = h('select', {id: 'life', onchange: () => { this.#showLife(); this.#touch(); }},
                  ...lives.map(([value, text]) => h('option', {value}, text)));
    this.lifeNumber = h('input', {id: 'life-number', type: 'number', min: '0.001', step: 'any', value: '10',
                                  'aria-label': 'how many', oninput: () => this.#touch()});
    this.lifeUnit = h('select', {id: 'life-unit', 'aria-label': 'of which unit', onchange: () => this.#touch()},
                      ...UNITS.map(([value, text]) => h('option', {value, selected: text === 'minutes'}, text)));
    this.facts = h('p', {class: 'soft facts', id: 'facts'});
    this.note = h('p', {class: 'soft', id: 'value-note'});
    this.problem = h('p', {class: 'problem', id: 'value-problem', role: 'alert'});
    this.status = h('p', {id: 'editor-status', class: 'soft', role: 'status'});
    this.conflict = h('div', {id: 'conflict', class: 'conflict', hidden: true, role: 'group',
                              'aria-labelledby': 'conflict-title'});
    this.save = h('button', {type: 'submit', id: 'save'}, isNew ? 'Create' : 'Save');
    this.remove = h('button', {type: 'button', id: 'delete', class: 'danger quiet', onclick: on.remove}, 'Delete');
    this.followBox = h('input', {type: 'checkbox', id: 'follow-key', checked: true,
                                 onchange: () => on.follow(this.followBox.checked)});
    this.formats = FORMATS.map(([value, text]) => h('label', {class: 'segment'}, h('input', {
      type: 'radio', name: 'format', value, checked: value === this.#format, onchange: () => this.#onFormat(value)}), text));
    this.element = this.#layout(isNew);
    this.#showLife();
  }

  #layout(isNew) {
    const {reload, close, save} = this.#on;
    return h('form', {autocomplete: 'off', onsubmit: (event) => { event.preventDefault(); save(); },
                      onkeydown: (event) => {
                        if (event.key !== 'Enter' || !(event.ctrlKey || event.metaKey)) return;
                        event.preventDefault();
                        save();
                      }},
      h('div', {class: 'head'}, this.title,
        h('button', {type: 'button', id: 'close-key', class: 'quiet small', onclick: close}, 'Close')),
      isNew ? h('div', {}, h('label', {for: 'key'}, 'Key'), this.keyInput,
                h('label', {class: 'inline'}, this.keyEscaped, ' %XX is a byte')) : this.facts,
      this.conflict,
      h('fieldset', {class: 'segments'}, h('legend', {class: 'unseen'}, 'Show the value as'), ...this.formats),
      h('label', {for: 'value', class: 'unseen'}, 'Value'), this.value, this.note, this.problem,
      h('div', {class: 'columns even'},
        h('div', {}, h('label', {for: 'type'}, 'Content type'), this.type,
          h('datalist', {id: 'types'}, ...TYPES.map((value) => h('option', {value})))),
        h('div', {}, h('label', {for: 'life'}, 'It lives'),
          h('div', {class: 'field'}, this.life, this.lifeNumber, this.lifeUnit))),
      h('div', {class: 'buttons'}, this.save, isNew ? null : this.remove,
        isNew ? null : h('button', {type: 'button', id: 'reload-key', class: 'quiet', onclick: reload}, 'Read again'),
        isNew ? null : h('label', {class: 'inline'}, this.followBox, ' watch live')),
      this.status);
  }

  get isEdited() {
    return this.#edited;
  }

  #touch() {
    this.#edited = true;
    this.#on.edited();
  }

  #showLife() {
    for (const element of [this.lifeNumber, this.lifeUnit]) element.hidden = this.life.value !== 'for';
  }

  // Puts a value into the fields, as unedited. `format`: how; without one, whatever suits it.
  show(bytes, contentType, format = bestFormat(bytes, contentType)) {
    this.#original = bytes;
    this.#format = format;
    this.type.value = contentType;
    this.life.value = 'keep';
    this.#showLife();
    this.#fill();
    this.#edited = false;
    this.#typeTouched = false;
  }

  // What a key of which only this is known tells.
  tellFacts(state, nodeNow) {
    if (state === null) return setText(this.facts, 'There is no such key.');
    const parts = [showBytes(state.bytes().length), `version ${state.version}`];
    if (state.expires !== null) {
      const left = (state.expires.getTime() - nodeNow) / 1000;
      const at = left < 86400 ? ` (${clock(state.expires)})` : '';
      parts.push(left <= 0 ? 'expires now' : `expires in ${duration(left)}${at}`);
    }
    setText(this.facts, parts.join(' · '));
  }

  // Back to a draft, after something else was shown.
  edit(bytes, contentType) {
    this.show(bytes, contentType, this.#format);
    this.#edited = true;
  }

  #fill() {
    let shown;
    setText(this.problem, '');
    try {
      shown = showValue(this.#original, this.#format);
    } catch (error) {
      shown = {text: '', readOnly: error.message};
    }
    this.value.value = shown.text;
    this.value.readOnly = shown.readOnly !== null;
    setText(this.note, shown.readOnly === null ? '' : `Not to be edited like this: ${shown.readOnly}.`);
    for (const {firstChild: radio} of this.formats) radio.checked = radio.value === this.#format;
  }

  #onFormat(format) {
    const before = this.#format;
    try {
      const bytes = this.bytes();
      // So that what the other form can't show stays where it is.
      showValue(bytes, format);
      this.#original = bytes;
      this.#format = format;
      if (this.#on.isNew && !this.#typeTouched) this.type.value = NEW_TYPES[format];
    } catch (error) {
      this.#format = before;
      this.#refuse(error);
      for (const {firstChild: radio} of this.formats) radio.checked = radio.value === before;
      return;
    }
    this.#fill();
  }

  #refuse(error) {
    setText(this.problem, `${error.message[0].toUpperCase()}${error.message.slice(1)}.`);
  }

  // The value as it is to be stored. What was not edited keeps every byte, however it is shown. Throws Error.
  bytes() {
    if (this.value.readOnly || this.value.value === this.#textShown()) return this.#original;
    return readValue(this.value.value, this.#format);
  }

  #textShown() {
    try {
      return showValue(this.#original, this.#format).text;
    } catch {
      return null;
    }
  }

  // {key (of a new one), bytes, contentType, ttlMs} as it is to be stored; null, and a problem is told. `expires`: when
  // the key now does, or null.
  read(expires, nodeNow) {
    try {
      const key = this.#on.isNew ? parseKey(this.keyInput.value, this.keyEscaped.checked) : undefined;
      if (key !== undefined && key.length === 0) throw new Error('a key has at least one byte');
      const wanted = this.life.value;
      let ttlMs;
      if (wanted === 'for') ttlMs = Math.round(Number(this.lifeNumber.value) * Number(this.lifeUnit.value));
      if (wanted === 'keep' && expires !== null) ttlMs = expires.getTime() - nodeNow;
      if (ttlMs !== undefined && !(ttlMs >= 1)) {
        throw new Error('the time it lives is over: say how long it is to live from now');
      }
      setText(this.problem, '');
      if (ttlMs !== undefined) ttlMs = Math.round(ttlMs);
      return {key, bytes: this.bytes(), contentType: this.type.value.trim(), ttlMs};
    } catch (error) {
      this.#refuse(error);
      return null;
    }
  }

  tell(text, level = 'soft') {
    setText(this.status, text);
    this.status.className = level;
  }
}
