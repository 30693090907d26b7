// The text form of a history, one line per operation:
//
//   client key invoked..completed action arguments -> outcome what-was-told
//
//   1 k 0ms..2ms put "a" ttl=5s if-absent -> done @1 created
//   2 k 1ms..3ms get -> done "a" @1
//   2 k 4ms..5ms swap "b" -> done @2 previous "a" @1
//   1 k 4ms..    increment 2 -> unknown
//   3 k 6ms..7ms put "c" if-version=@1 -> condition-failed "b" @2
//
// A time is a whole number with its unit (ns, us, ms, s). A version is @round.node.sequence, the node in hexadecimal,
// or @sequence when round and node are 0. Keys and values are quoted, with \xNN, \" and \\ for what can't stand there
// as it is; a key of letters, digits and ._/- may go without quotes. Actions: get, put VALUE, delete, increment NUMBER,
// append VALUE, expire ttl=TIME, persist, swap VALUE. Conditions: if-absent, if-present, if-version=@V,@V,
// if-not-version=@V,@V, if-value=VALUE. Outcomes: done, absent, condition-failed, rejected, not-applied, unknown. What
// was told: the value, `absent`, the version, `created` or `replaced`, `previous` with a value, a version or `absent`.
// Empty lines and lines that begin with # say nothing.
#pragma once

#include <string>
#include <string_view>

#include "base/status.h"
#include "tests/linearizability/history.h"

namespace quoin::linearizability {

std::string TimeText(Time time);
std::string VersionText(const Version& version);
std::string Quoted(std::string_view bytes);

// "put "a" ttl=5s if-absent", "done @1 created"; and the whole line, without a line break.
std::string OperationText(const Operation& operation);
std::string AnswerText(const Answer& answer);
std::string EventText(const Event& event);
std::string HistoryText(const History& history);

// The inverse: ParseHistory(HistoryText(h)) is h. Fails with kInvalid, naming the line, on anything else.
Result<Event> ParseEvent(std::string_view line);
Result<History> ParseHistory(std::string_view text);

}  // namespace quoin::linearizability
