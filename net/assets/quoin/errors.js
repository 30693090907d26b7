// What a request can end with besides its result. There are two kinds and never a third: certainly not applied, and
// unknown. quoin.d.ts says what each is for.

export class QuoinError extends Error {
  constructor(message, {type, status = 0, detail = message, limit = '', operationId = '', cause} = {}) {
    super(message, cause === undefined ? undefined : {cause});
    this.name = new.target.name;
    this.type = type;
    this.status = status;
    this.detail = detail;
    this.limit = limit;
    this.operationId = operationId;
  }
}

export class NotAppliedError extends QuoinError {
  get outcome() {
    return 'not-applied';
  }
}

export class RejectedError extends NotAppliedError {
  get outcome() {
    return 'rejected';
  }
}

export class UnknownOutcomeError extends QuoinError {
  get outcome() {
    return 'unknown';
  }
}

// A Problem of the schema as the details of an error.
export function detailsOf(problem) {
  const {type = 'no-reason', status = 0, detail = '', limit = ''} = problem ?? {};
  return {type, status, detail: detail || type, limit};
}
