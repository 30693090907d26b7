// Asks the node again and again, and says when it doesn't answer.
//
// /v1/cluster is asked twice a second, so that a lost node is seen at once; the ring and the counts once a second. A
// page that nobody sees asks nothing.

const FAST_MS = 500;
const ANSWER_MS = 4000;
const SLOWEST_MS = 5000;

async function ask(path) {
  const answer = await fetch(path, {signal: AbortSignal.timeout(ANSWER_MS), cache: 'no-store'});
  // A node that has not joined knows no ring, which is an answer too.
  if (answer.status === 503) return null;
  if (!answer.ok) throw new Error(`${path} was answered ${answer.status}`);
  return answer.json();
}

export class Poll {
  #onAnswer;
  #onSilence;
  #turn = 0;
  #failures = 0;
  #timer = null;
  #running = false;
  #view = {cluster: null, ring: null, stats: null};

  // `onAnswer({cluster, ring, stats, fresh})`: the newest answers; `fresh`: the counts are new. `onSilence({error,
  // retryMs})`: no answer, and how long until the next try.
  constructor(onAnswer, onSilence) {
    this.#onAnswer = onAnswer;
    this.#onSilence = onSilence;
    document.addEventListener('visibilitychange', () => {
      if (!document.hidden) this.now();
    });
  }

  // Asks at once, and from then on by itself.
  now() {
    clearTimeout(this.#timer);
    if (!this.#running) this.#ask();
  }

  async #ask() {
    this.#running = true;
    const everything = this.#turn++ % 2 === 0 || this.#failures > 0;
    let pause = FAST_MS;
    try {
      const paths = everything ? ['/v1/cluster', '/v1/cluster/ring', '/v1/cluster/stats'] : ['/v1/cluster'];
      const began = performance.now();
      const [cluster, ring, stats] = await Promise.all(paths.map(ask));
      this.#view = everything ? {cluster, ring, stats} : {...this.#view, cluster};
      this.#failures = 0;
      pause = Math.max(50, FAST_MS - (performance.now() - began));
      this.#onAnswer({...this.#view, fresh: everything && stats !== null});
    } catch (error) {
      pause = Math.min(SLOWEST_MS, FAST_MS * 2 ** this.#failures++);
      this.#onSilence({error, retryMs: pause});
    }
    this.#running = false;
    if (!document.hidden) this.#timer = setTimeout(() => this.#ask(), pause);
  }
}
