// Requests on their way to a leader, and its replies.
//
// Some of what a request names comes from clients as they sent it (versions in conditions, the lowest ballot): it is
// compared with and never taken over, so anything is right there.
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "net/peer_codec.h"
#include "net/peer_codec_read.h"

namespace quoin::net::peer_wire {
namespace {

// As long as the clock can tell; what is longer means "practically for ever" anyway.
constexpr std::uint64_t kMaxTtlMs = std::uint64_t{1} << 62;

// There is nothing in it yet.
void TakeEmpty(In in) {
  while (in.Next()) {
  }
}

std::optional<quorum::TimeToLive> TakeTtl(In& in) {
  return quorum::TimeToLive(static_cast<std::int64_t>(in.Uint(kMaxTtlMs)));
}

quorum::Put TakePut(In in) {
  quorum::Put put;
  while (in.Next()) {
    if (in.Is(1)) put.value = TakeText(in, kv::kMaxValueBytes, "a value");
    if (in.Is(2)) put.content_type = TakeText(in, kv::kMaxContentTypeBytes, "a content type");
    if (in.Is(3)) put.ttl = TakeTtl(in);
  }
  return put;
}

quorum::Increment TakeIncrement(In in) {
  quorum::Increment increment{0};
  while (in.Next()) {
    if (in.Is(1)) increment.by = in.Sint();
  }
  return increment;
}

quorum::Append TakeAppend(In in) {
  quorum::Append append;
  while (in.Next()) {
    if (in.Is(1)) append.bytes = TakeText(in, kv::kMaxValueBytes, "what is to be appended");
  }
  return append;
}

quorum::SetDeadline TakeSetDeadline(In in) {
  quorum::SetDeadline set;
  while (in.Next()) {
    if (in.Is(1)) set.ttl = TakeTtl(in);
  }
  return set;
}

std::vector<kv::Version> TakeVersions(In in) {
  std::vector<kv::Version> versions;
  while (in.Next()) {
    if (in.Is(1)) versions.push_back(TakeAnyVersion(in.Message()));
  }
  return versions;
}

quorum::Condition TakeCondition(In in) {
  using Kind = quorum::Condition::Kind;
  quorum::Condition condition{Kind::kAbsent, {}, {}};
  bool known = false;
  bool saw_unknown = false;
  while (in.Next()) {
    known = known || in.field() <= 5;
    saw_unknown = saw_unknown || in.field() > 5;
    if (in.Is(1) || in.Is(2)) TakeEmpty(in.Message());
    if (in.Is(2)) condition.kind = Kind::kPresent;
    if (in.Is(3) || in.Is(4)) {
      condition.kind = in.Is(3) ? Kind::kVersionIn : Kind::kVersionNotIn;
      condition.versions = TakeVersions(in.Message());
    }
    if (in.Is(5)) {
      condition.kind = Kind::kValueIs;
      condition.value = in.Bytes();
    }
  }
  if (!known) in.SaysNothing(saw_unknown, "a condition demands nothing");
  return condition;
}

quorum::Request TakeRequest(In in) {
  quorum::Request request;
  request.consistency = quorum::Consistency::kOne;  // The zero of the schema.
  bool known = false;
  bool saw_unknown = false;
  while (in.Next()) {
    known = known || (in.field() >= 4 && in.field() <= 10);
    saw_unknown = saw_unknown || in.field() > 12;
    if (in.Is(1)) request.id.client = in.Fixed();
    if (in.Is(2)) request.id.number = in.Uint();
    if (in.Is(3)) request.key = TakeKey(in);
    if (in.Is(4) || in.Is(6)) TakeEmpty(in.Message());
    if (in.Is(4)) request.operation = quorum::Get{};
    if (in.Is(5)) request.operation = TakePut(in.Message());
    if (in.Is(6)) request.operation = quorum::Delete{};
    if (in.Is(7)) request.operation = TakeIncrement(in.Message());
    if (in.Is(8)) request.operation = TakeAppend(in.Message());
    if (in.Is(9)) request.operation = TakeSetDeadline(in.Message());
    if (in.Is(10)) request.operation = quorum::Swap{TakePut(in.Message())};
    if (in.Is(11)) request.conditions.push_back(TakeCondition(in.Message()));
    if (in.Is(12)) request.consistency = in.Enum(quorum::Consistency::kAll);
  }
  Require(!request.key.empty(), in, "the key");
  if (!known) in.SaysNothing(saw_unknown, "the request has no operation");
  return request;
}

void CheckReply(const quorum::Reply& reply, Code code, In& in) {
  if (!in.good()) return;
  const bool fails = reply.outcome == quorum::Outcome::kRejected || reply.outcome == quorum::Outcome::kError;
  if (fails != (code != Code::kOk)) in.Fail("a reply has a code other than OK exactly when it is REJECTED or an ERROR");
  for (const kv::RecordPtr& record : {reply.record, reply.previous}) {
    if (record == nullptr) continue;
    if (record->tombstone) in.Fail("a reply shows a tombstone");
    if (reply.outcome == quorum::Outcome::kError) in.Fail("an ERROR shows a record");
  }
}

quorum::Reply TakeReply(In in) {
  quorum::Reply reply;
  Code code = Code::kOk;
  std::string message;
  while (in.Next()) {
    if (in.Is(1)) reply.outcome = in.Enum(quorum::Outcome::kError);
    if (in.Is(2)) code = in.Enum(Code::kIncompatible);
    if (in.Is(3)) message = in.Bytes();
    if (in.Is(4)) reply.record = TakeRecord(in.Message());
    if (in.Is(5)) reply.previous = TakeRecord(in.Message());
    if (in.Is(6)) reply.changed = TakeAnyVersion(in.Message());
    if (in.Is(7)) reply.created = in.Bool();
    if (in.Is(8)) reply.not_by_this_copy = in.Bool();
  }
  CheckReply(reply, code, in);
  if (code != Code::kOk) reply.status = Status(code, std::move(message));
  return reply;
}

}  // namespace

void Take(In in, quorum::ForwardPacket* out) {
  while (in.Next()) {
    if (in.Is(1)) out->number = in.Fixed();
    if (in.Is(2)) out->request = TakeRequest(in.Message());
    if (in.Is(3)) out->meant_for = TakeBallot(in.Message());
    if (in.Is(4)) out->repeated = in.Bool();
    if (in.Is(5)) out->lowest = TakeAnyVersion(in.Message());
    if (in.Is(6)) out->finished_below = in.Uint();
    if (in.Is(7)) out->take_over = in.Bool();
    if (in.Is(8)) out->hops = in.Uint32();
  }
  Require(!out->request.key.empty(), in, "the request");
}

void Take(In in, quorum::ForwardedPacket* out) {
  bool has_reply = false;
  while (in.Next()) {
    if (in.Is(1)) out->number = in.Fixed();
    if (in.Is(2)) {
      out->reply = TakeReply(in.Message());
      has_reply = true;
    }
    if (in.Is(3)) out->newest = TakeFloor(in.Message());
  }
  Require(has_reply, in, "the reply");
}

}  // namespace quoin::net::peer_wire
