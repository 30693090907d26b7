// What replicas say to each other.
//
// Beyond the shapes: under a ballot nobody holds, carries or purges what is above it, since storing raises the promise
// (docs/protocol.md, decision 2). A leader that met such a record would have to propose below it.
#include <utility>

#include "net/peer_codec.h"
#include "net/peer_codec_read.h"

namespace quoin::net::peer_wire {
namespace {

void RequireBallot(const kv::Ballot& ballot, In& in) { Require(ballot != kv::Ballot{}, in, "the ballot"); }
void RequireKey(const std::string& key, In& in) { Require(!key.empty(), in, "the key"); }
void RequireVersion(const kv::Version& version, In& in) { Require(version != kv::Version{}, in, "the version"); }

void CheckNotAbove(const kv::Ballot& ballot, const kv::Version& version, In& in, const char* what) {
  if (version.ballot > ballot) in.Fail(std::string(what) + " is above the message's own ballot");
}

quorum::Content TakeContent(In in) {
  quorum::Content content;
  content.kind = quorum::Content::Kind::kRecord;  // The zero of the schema.
  while (in.Next()) {
    if (in.Is(1)) content.kind = in.Enum(quorum::Content::Kind::kDamaged);
    if (in.Is(2)) content.record = TakeRecord(in.Message());
    if (in.Is(3)) content.floor = TakeFloor(in.Message());
  }
  if ((content.kind == quorum::Content::Kind::kRecord) != (content.record != nullptr)) {
    in.Fail("a content has a record exactly when it is of the kind RECORD");
  }
  return content;
}

quorum::Compared::Entry TakeEntry(In in) {
  quorum::Compared::Entry entry;
  while (in.Next()) {
    if (in.Is(1)) entry.key = TakeKey(in);
    if (in.Is(2)) entry.version = TakeVersion(in.Message());
    if (in.Is(3)) entry.damaged = in.Bool();
  }
  RequireKey(entry.key, in);
  if ((entry.version == kv::Version{}) != entry.damaged) {
    in.Fail("an entry has a version exactly when it is not damaged");
  }
  return entry;
}

}  // namespace

void Take(In in, quorum::Prepare* out) {
  while (in.Next()) {
    if (in.Is(1)) out->configuration = in.Uint();
    if (in.Is(2)) out->ballot = TakeBallot(in.Message());
    if (in.Is(3)) out->key = TakeKey(in);
  }
  RequireBallot(out->ballot, in);
}

void Take(In in, quorum::Accept* out) {
  while (in.Next()) {
    if (in.Is(1)) out->configuration = in.Uint();
    if (in.Is(2)) out->key = TakeKey(in);
    if (in.Is(3)) out->record = TakeRecord(in.Message());
  }
  RequireKey(out->key, in);
  Require(out->record != nullptr, in, "the record");
}

void Take(In in, quorum::Install* out) {
  while (in.Next()) {
    if (in.Is(1)) out->configuration = in.Uint();
    if (in.Is(2)) out->key = TakeKey(in);
    if (in.Is(3)) out->record = TakeRecord(in.Message());
    if (in.Is(4)) out->ballot = TakeBallot(in.Message());
  }
  RequireKey(out->key, in);
  RequireBallot(out->ballot, in);
  Require(out->record != nullptr, in, "the record");
  if (in.good()) CheckNotAbove(out->ballot, out->record->accepted, in, "the record");
}

void Take(In in, quorum::Barrier* out) {
  while (in.Next()) {
    if (in.Is(1)) out->configuration = in.Uint();
    if (in.Is(2)) out->ballot = TakeBallot(in.Message());
    if (in.Is(3)) out->nonce = in.Uint();
  }
  RequireBallot(out->ballot, in);
}

void Take(In in, quorum::Read* out) {
  while (in.Next()) {
    if (in.Is(1)) out->configuration = in.Uint();
    if (in.Is(2)) out->ballot = TakeBallot(in.Message());
    if (in.Is(3)) out->key = TakeKey(in);
    if (in.Is(4)) out->nonce = in.Fixed();
  }
  RequireKey(out->key, in);
  if (out->ballot) RequireBallot(*out->ballot, in);
}

void Take(In in, quorum::Compare* out) {
  out->list = false;  // The zero of the schema.
  while (in.Next()) {
    if (in.Is(1)) out->configuration = in.Uint();
    if (in.Is(2)) out->ballot = TakeBallot(in.Message());
    if (in.Is(3)) out->nonce = in.Fixed();
    if (in.Is(4)) out->salt = in.Fixed();
    if (in.Is(5)) out->from = TakeText(in, kv::kMaxKeyBytes, "the beginning of a range");
    if (in.Is(6)) out->to = TakeKey(in, "the end of a range");
    if (in.Is(7)) out->floor = TakeFloor(in.Message());
    if (in.Is(8)) out->limit = static_cast<std::uint32_t>(in.Uint(kMaxCompared));
    if (in.Is(9)) out->digest = in.Fixed();
    if (in.Is(10)) out->list = in.Bool();
  }
  RequireBallot(out->ballot, in);
  CheckNotAbove(out->ballot, out->floor, in, "the floor");
  if (out->limit == 0) in.Fail("the limit is 0; at least 1 is right");
}

void Take(In in, quorum::Purge* out) {
  while (in.Next()) {
    if (in.Is(1)) out->configuration = in.Uint();
    if (in.Is(2)) out->ballot = TakeBallot(in.Message());
    if (in.Is(3)) out->floor = TakeFloor(in.Message());
  }
  RequireBallot(out->ballot, in);
  CheckNotAbove(out->ballot, out->floor, in, "the floor");
}

void Take(In in, quorum::HandOver* out) {
  while (in.Next()) {
    if (in.Is(1)) out->ballot = TakeBallot(in.Message());
  }
  RequireBallot(out->ballot, in);
}

void Take(In in, quorum::Held* out) {
  bool has_content = false;
  while (in.Next()) {
    if (in.Is(1)) out->ballot = TakeBallot(in.Message());
    if (in.Is(2)) out->key = TakeKey(in);
    if (in.Is(3)) out->nonce = in.Fixed();
    if (in.Is(4)) {
      out->content = TakeContent(in.Message());
      has_content = true;
    }
  }
  RequireKey(out->key, in);
  Require(has_content, in, "the content");
  if (!out->ballot || !in.good()) return;
  RequireBallot(*out->ballot, in);
  if (out->content.record != nullptr) CheckNotAbove(*out->ballot, out->content.record->accepted, in, "the record");
  CheckNotAbove(*out->ballot, out->content.floor, in, "the floor");
}

void Take(In in, quorum::Promise* out) {
  while (in.Next()) {
    if (in.Is(1)) out->ballot = TakeBallot(in.Message());
    if (in.Is(2)) out->previous = TakeBallot(in.Message());
    if (in.Is(3)) Take(in.Message(), &out->held.emplace());
  }
  RequireBallot(out->ballot, in);
  if (out->held && (out->held->ballot != out->ballot || out->held->nonce != 0)) {
    in.Fail("what is held has another ballot than the promise, or a nonce");
  }
}

void Take(In in, quorum::Accepted* out) {
  while (in.Next()) {
    if (in.Is(1)) out->key = TakeKey(in);
    if (in.Is(2)) out->version = TakeVersion(in.Message());
  }
  RequireKey(out->key, in);
  RequireVersion(out->version, in);
}

void Take(In in, quorum::Installed* out) {
  while (in.Next()) {
    if (in.Is(1)) out->key = TakeKey(in);
    if (in.Is(2)) out->version = TakeVersion(in.Message());
    if (in.Is(3)) out->ballot = TakeBallot(in.Message());
  }
  RequireKey(out->key, in);
  RequireVersion(out->version, in);
  RequireBallot(out->ballot, in);
}

void Take(In in, quorum::BarrierOk* out) {
  while (in.Next()) {
    if (in.Is(1)) out->ballot = TakeBallot(in.Message());
    if (in.Is(2)) out->nonce = in.Uint();
  }
  RequireBallot(out->ballot, in);
}

void Take(In in, quorum::Compared* out) {
  while (in.Next()) {
    if (in.Is(1)) out->ballot = TakeBallot(in.Message());
    if (in.Is(2)) out->nonce = in.Fixed();
    if (in.Is(3)) out->equal = in.Bool();
    if (in.Is(4)) out->digest = in.Fixed();
    if (in.Is(5)) {
      if (out->entries.size() == kMaxCompared) {
        return in.Fail("it has more than " + std::to_string(kMaxCompared) + " entries");
      }
      out->entries.push_back(TakeEntry(in.Message()));
    }
    if (in.Is(6)) out->next = TakeKey(in, "the next key");
    if (in.Is(7)) out->floor = TakeFloor(in.Message());
    if (in.Is(8)) out->tombstones = in.Bool();
  }
  RequireBallot(out->ballot, in);
  CheckNotAbove(out->ballot, out->floor, in, "the floor");
  for (const quorum::Compared::Entry& entry : out->entries) {
    CheckNotAbove(out->ballot, entry.version, in, "an entry's version");
  }
}

void Take(In in, quorum::Purged* out) {
  while (in.Next()) {
    if (in.Is(1)) out->ballot = TakeBallot(in.Message());
    if (in.Is(2)) out->floor = TakeFloor(in.Message());
  }
  RequireBallot(out->ballot, in);
  CheckNotAbove(out->ballot, out->floor, in, "the floor");
}

void Take(In in, quorum::Nack* out) {
  while (in.Next()) {
    if (in.Is(1)) out->ballot = TakeBallot(in.Message());
    // Of a replica that has promised nothing: zero.
    if (in.Is(2)) out->promised = TakeBallot(in.Message());
  }
  RequireBallot(out->ballot, in);
}

void Take(In in, quorum::Damaged* out) {
  while (in.Next()) {
    if (in.Is(1)) out->key = TakeKey(in);
    if (in.Is(2)) out->version = TakeVersion(in.Message());
    // After a restart it is the last version that there can be under the promise, which may be zero.
    if (in.Is(3)) out->bound = TakeAnyVersion(in.Message());
  }
  RequireKey(out->key, in);
  RequireVersion(out->version, in);
}

void Take(In in, quorum::Refused* out) {
  out->code = Code::kOk;  // The zero of the schema.
  while (in.Next()) {
    if (in.Is(1)) out->key = TakeKey(in);
    if (in.Is(2)) out->version = TakeVersion(in.Message());
    if (in.Is(3)) out->code = in.Enum(Code::kIncompatible);
  }
  RequireKey(out->key, in);
  RequireVersion(out->version, in);
  if (out->code == Code::kOk) in.Fail("the code is OK; that of an error is right");
}

void Take(In in, quorum::OtherConfiguration* out) {
  while (in.Next()) {
    if (in.Is(1)) out->mine = in.Uint();
    if (in.Is(2)) out->yours = in.Uint();
  }
}

}  // namespace quoin::net::peer_wire
