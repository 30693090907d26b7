#include "net/peer_codec_testing.h"

#include <limits>

#include "net/peer_codec.h"

namespace quoin::net {
namespace {

using quorum::PacketBody;
using quorum::ReplicaPacket;

constexpr std::uint64_t kMost = std::numeric_limits<std::uint64_t>::max();

kv::Ballot BallotOf(std::uint64_t round) { return {round, NodeId{0xc0ffee00c0ffee00 + round}}; }
kv::Version VersionOf(std::uint64_t round, std::uint64_t sequence) { return {BallotOf(round), sequence}; }

PacketBody Between(std::uint32_t partition, quorum::Message message) {
  return ReplicaPacket{PartitionId{partition}, std::move(message)};
}

quorum::Held FullHeld(std::optional<kv::Ballot> ballot, std::uint64_t nonce, std::uint64_t seed) {
  const bool keeps = ballot.has_value();
  return {ballot, "held", nonce, {quorum::Content::Kind::kRecord, FullRecord(seed, keeps), VersionOf(4, seed)}};
}

kv::RecordPtr ExpiredRecord(std::uint64_t seed);

void AddRequests(std::vector<PacketBody>* out) {
  using quorum::Message;
  const std::string binary("a\0\xff", 3);
  out->push_back(Between(3, quorum::Prepare{7, BallotOf(300), binary}));
  out->push_back(Between(3, quorum::Prepare{7, BallotOf(300), "first"}));
  out->push_back(Between(0, quorum::Prepare{0, BallotOf(1), std::nullopt}));
  out->push_back(Between(quorum::kSystemPartition.value, quorum::Accept{kMost, binary, FullRecord(1)}));
  out->push_back(Between(65535, quorum::Accept{0, std::string(kv::kMaxKeyBytes, 'k'), LeastRecord()}));
  out->push_back(Between(1, quorum::Accept{2, "k", FullRecord(12)}));
  out->push_back(Between(1, quorum::Accept{2, "k", ExpiredRecord(7)}));
  out->push_back(Between(1, quorum::Install{2, "k", ExpiredRecord(7), BallotOf(1u << 30)}));
  out->push_back(Between(1, quorum::Install{9, binary, FullRecord(2), BallotOf(1u << 30)}));
  out->push_back(Between(1, quorum::Install{2, "k", FullRecord(13), BallotOf(1u << 30)}));
  out->push_back(Between(2, quorum::Install{0, "k", LeastRecord(), BallotOf(1)}));
  out->push_back(Between(1, quorum::Barrier{9, BallotOf(kMaxCount), kMost}));
  out->push_back(Between(2, quorum::Barrier{0, BallotOf(1), 0}));
  out->push_back(Between(1, quorum::Read{9, BallotOf(2), binary, kMost}));
  out->push_back(Between(2, quorum::Read{0, std::nullopt, "k", 0}));
  out->push_back(Between(2, quorum::Read{0, BallotOf(1), "k", 0}));
  out->push_back(Between(1, quorum::Compare{.configuration = 9,
                                            .ballot = BallotOf(2),
                                            .nonce = 3,
                                            .salt = kMost,
                                            .from = binary,
                                            .to = "to",
                                            .floor = VersionOf(2, 9),
                                            .limit = kMaxCompared,
                                            .digest = 0,
                                            .list = true}));
  out->push_back(Between(2, quorum::Compare{.ballot = BallotOf(1), .limit = 1, .digest = 8, .list = false}));
  out->push_back(Between(2, quorum::Compare{.ballot = BallotOf(1), .to = "end", .limit = 1, .list = false}));
  out->push_back(Between(1, quorum::Purge{9, BallotOf(2), VersionOf(2, 7)}));
  out->push_back(Between(2, quorum::Purge{0, BallotOf(1), {}}));
  out->push_back(Between(1, quorum::HandOver{BallotOf(2)}));
  out->push_back(Between(2, quorum::HandOver{BallotOf(1)}));
}

void AddAnswers(std::vector<PacketBody>* out) {
  using Kind = quorum::Content::Kind;
  out->push_back(Between(1, FullHeld(BallotOf(1u << 30), kMost, 5)));
  out->push_back(Between(1, FullHeld(std::nullopt, 1, 6)));
  out->push_back(Between(2, quorum::Held{BallotOf(1), "k", 0, {Kind::kAbsent, nullptr, {}}}));
  out->push_back(Between(2, quorum::Held{std::nullopt, "k", 0, {Kind::kDamaged, nullptr, VersionOf(3, 1)}}));
  out->push_back(Between(2, quorum::Held{BallotOf(1), "k", 0, {Kind::kRecord, LeastRecord(), {}}}));
  const quorum::Held expired{BallotOf(9), "k", 0, {Kind::kRecord, ExpiredRecord(7), {}}};
  out->push_back(Between(2, expired));
  out->push_back(Between(2, quorum::Promise{BallotOf(9), std::nullopt, expired}));
  out->push_back(Between(1, quorum::Promise{BallotOf(1u << 30), BallotOf(8), FullHeld(BallotOf(1u << 30), 0, 5)}));
  out->push_back(Between(1, quorum::Promise{BallotOf(1u << 29), std::nullopt, FullHeld(BallotOf(1u << 29), 0, 6)}));
  out->push_back(Between(
      1, quorum::Promise{BallotOf(9), kv::Ballot{}, quorum::Held{BallotOf(9), "k", 0, {Kind::kAbsent, nullptr, {}}}}));
  out->push_back(Between(1, quorum::Promise{BallotOf(9), std::nullopt,
                                            quorum::Held{BallotOf(9), "k", 0, {Kind::kRecord, LeastRecord(), {}}}}));
  out->push_back(Between(2, quorum::Promise{BallotOf(1), std::nullopt, std::nullopt}));
  out->push_back(Between(1, quorum::Accepted{"accepted", VersionOf(2, 300)}));
  out->push_back(Between(2, quorum::Accepted{"k", VersionOf(1, 1)}));
  out->push_back(Between(1, quorum::Installed{"installed", VersionOf(2, 300), BallotOf(3)}));
  out->push_back(Between(2, quorum::Installed{"k", VersionOf(1, 1), BallotOf(1)}));
  out->push_back(Between(1, quorum::BarrierOk{BallotOf(2), 300}));
  out->push_back(Between(2, quorum::BarrierOk{BallotOf(1), 0}));
  quorum::Compared full{.ballot = BallotOf(9),
                        .nonce = kMost,
                        .equal = true,
                        .digest = 3,
                        .entries = {{"a", VersionOf(2, 2), false}, {"b", {}, true}},
                        .next = "c",
                        .floor = VersionOf(9, 1),
                        .tombstones = true};
  out->push_back(Between(1, std::move(full)));
  out->push_back(Between(2, quorum::Compared{.ballot = BallotOf(1)}));
  out->push_back(Between(2, quorum::Compared{.ballot = BallotOf(1), .next = "n"}));
  out->push_back(Between(1, quorum::Purged{BallotOf(2), VersionOf(2, 7)}));
  out->push_back(Between(2, quorum::Purged{BallotOf(1), {}}));
  out->push_back(Between(1, quorum::Nack{BallotOf(2), BallotOf(3)}));
  out->push_back(Between(2, quorum::Nack{BallotOf(1), {}}));
  out->push_back(Between(1, quorum::Damaged{"damaged", VersionOf(2, 3), VersionOf(2, kMost)}));
  out->push_back(Between(2, quorum::Damaged{"k", VersionOf(1, 1), {}}));
  out->push_back(Between(2, quorum::Damaged{"k", VersionOf(1, 1), {{}, kMost}}));
  for (const Code code : {Code::kInvalid, Code::kUnavailable, Code::kDiskFull, Code::kReadOnly, Code::kUnknown,
                          Code::kDamaged, Code::kIo, Code::kInUse, Code::kIncompatible}) {
    out->push_back(Between(1, quorum::Refused{std::string(CodeName(code)), VersionOf(2, 3), code}));
  }
  out->push_back(Between(2, quorum::Refused{"k", VersionOf(1, 1), Code::kDiskFull}));
  out->push_back(Between(1, quorum::OtherConfiguration{8, 9}));
  out->push_back(Between(2, quorum::OtherConfiguration{}));
}

void AddForwards(std::vector<PacketBody>* out) {
  using Kind = quorum::Condition::Kind;
  const kv::Version named{{0, NodeId{}}, 3};  // By a client, who may name anything.
  quorum::ForwardPacket full{.number = kMost,
                             .request = {.id = {kMost, 12},
                                         .key = "forward",
                                         .operation = quorum::Put{"value", "text/plain", quorum::TimeToLive(90)},
                                         .conditions = {{Kind::kVersionIn, {named, VersionOf(2, 3)}, {}},
                                                        {Kind::kVersionNotIn, {VersionOf(kMost, kMost)}, {}},
                                                        {Kind::kVersionNotIn, {}, {}},
                                                        {Kind::kAbsent, {}, {}},
                                                        {Kind::kPresent, {}, {}},
                                                        {Kind::kValueIs, {}, "is"},
                                                        {Kind::kValueIs, {}, ""}},
                                         .consistency = quorum::Consistency::kAll},
                             .meant_for = BallotOf(5),
                             .repeated = true,
                             .lowest = {{kMost, NodeId{}}, 0},
                             .finished_below = 11,
                             .take_over = true,
                             .hops = 2};
  out->push_back(full);
  for (quorum::Operation operation : std::vector<quorum::Operation>{
           quorum::Get{}, quorum::Put{}, quorum::Delete{}, quorum::Increment{-7}, quorum::Increment{0},
           quorum::Append{"tail"}, quorum::Append{}, quorum::SetDeadline{quorum::TimeToLive(0)}, quorum::SetDeadline{},
           quorum::Swap{}, quorum::Swap{{"swapped", "a/b", quorum::TimeToLive(1)}},
           quorum::Swap{{{}, {}, quorum::TimeToLive(kMaxCount)}}, quorum::Put{{}, {}, quorum::TimeToLive(0)},
           quorum::SetDeadline{quorum::TimeToLive(3)}}) {
    for (const auto consistency : {quorum::Consistency::kOne, quorum::Consistency::kQuorum}) {
      quorum::ForwardPacket forward;
      forward.request.key = "k";
      forward.request.operation = operation;
      forward.request.consistency = consistency;
      forward.lowest = {BallotOf(2), 5};
      out->push_back(std::move(forward));
    }
  }
  quorum::ForwardedPacket answer{.number = kMost, .newest = {BallotOf(6), 7}};
  answer.reply.record = FullRecord(3, false);
  answer.reply.previous = FullRecord(4, false);
  answer.reply.changed = VersionOf(2, 3);
  answer.reply.created = answer.reply.not_by_this_copy = true;
  out->push_back(answer);
  answer.reply.record = FullRecord(8, false);
  answer.reply.previous = FullRecord(9, false);
  out->push_back(answer);
  kv::Record plain;
  plain.accepted = plain.changed = VersionOf(1, 1);
  answer.reply.record = answer.reply.previous = std::make_shared<const kv::Record>(plain);
  answer.number = 3;
  out->push_back(answer);
  out->push_back(answer);
  for (const auto outcome : {quorum::Outcome::kDone, quorum::Outcome::kAbsent, quorum::Outcome::kConditionFailed,
                             quorum::Outcome::kRejected, quorum::Outcome::kError}) {
    quorum::ForwardedPacket least;
    least.reply.outcome = outcome;
    if (outcome >= quorum::Outcome::kRejected) least.reply.status = Status(Code::kInvalid, "no number");
    if (outcome == quorum::Outcome::kError) least.reply.status = Status(Code::kUnknown, "");
    out->push_back(std::move(least));
  }
}

void AddMembership(std::vector<PacketBody>* out) {
  using Wish = quorum::MembershipPacket::Wish;
  const ring::Member member{"a:1", "b:2", "zone", 70, ring::MemberState::kLost};
  out->push_back(quorum::MembershipPacket{Wish::kJoin, NodeId{1}, {}, member, 2, 9});
  for (const auto state : {ring::MemberState::kJoining, ring::MemberState::kActive, ring::MemberState::kDraining,
                           ring::MemberState::kRemoved}) {
    out->push_back(quorum::MembershipPacket{Wish::kJoin, NodeId{2}, {}, ring::Member{.weight = 0, .state = state}, 0});
  }
  for (const Wish wish : {Wish::kDrain, Wish::kCancel, Wish::kRemove}) {
    out->push_back(quorum::MembershipPacket{wish, NodeId{2}, {}, {}, 0});
  }
  out->push_back(quorum::MembershipPacket{Wish::kReplace, NodeId{2}, NodeId{3}, {}, 0});
  const quorum::MoveReport move{PartitionId{9}, 8, true, true, {7, 6}, {{NodeId{5}, {4, 3}}, {NodeId{6}, {0, 0}}}};
  out->push_back(quorum::ReportPacket{{move, {.partition = quorum::kSystemPartition}, {}}});
  out->push_back(quorum::ReportPacket{});
  const kv::WallTime time{std::chrono::milliseconds(1'700'000'000'123)};
  using Action = quorum::Action;
  quorum::ClusterProgress progress{BallotOf(3), 4, {}, {}};
  for (const auto kind : {Action::Kind::kJoin, Action::Kind::kDrain, Action::Kind::kRemove, Action::Kind::kReplace}) {
    progress.actions.push_back(
        {kind, Action::State::kDone, NodeId{1}, NodeId{2}, time, time, 3, 4, {5, 6}, {7, 8}, {9, 10}, {11, 12}, 0});
  }
  progress.actions.push_back({.state = Action::State::kCancelled, .seconds_left = 9});
  progress.actions.push_back({});
  progress.refusals = {{Wish::kReplace, NodeId{1}, NodeId{2}, time, "no such node"}, {}};
  out->push_back(quorum::ProgressPacket{std::make_shared<const quorum::ClusterProgress>(std::move(progress))});
  out->push_back(quorum::ProgressPacket{std::make_shared<const quorum::ClusterProgress>()});
}

void AddNodes(std::vector<PacketBody>* out) {
  out->push_back(quorum::HeartbeatPacket{{kMost, 300, true, std::chrono::milliseconds(20)}, 4, {NodeId{1}, NodeId{9}}});
  out->push_back(quorum::HeartbeatPacket{{0, 0, false, ring::Duration(0)}, 0, {}});
  ring::GossipMessage gossip{ring::GossipKind::kAck, 300, NodeId{7}, {{1, {2, "bytes"}}, {4, {}}}, {}};
  gossip.updates = {{NodeId{1}, 2, ring::Liveness::kLeft, "a:1"}, {}};
  out->push_back(gossip);
  out->push_back(ring::GossipMessage{});
  out->push_back(quorum::FetchTopologyPacket{300});
  out->push_back(quorum::FetchTopologyPacket{});
  const ring::Member self{"a:1", "b:2", "zone", 70, ring::MemberState::kJoining};
  for (const std::uint32_t partitions : {1, 16}) {
    out->push_back(quorum::TopologyPacket{std::make_shared<const ring::Topology>(
        ring::Bootstrap(ClusterId{5}, NodeId{partitions}, self, partitions, {}))});
  }
}

void AddPages(std::vector<PacketBody>* out) {
  const quorum::ScanRequest scan{"prefix", "prefix/after", 1000, 1 << 20, true};
  out->push_back(quorum::ListPacket{kMost, {{PartitionId{0}, 300}, {PartitionId{7}, 0}}, scan});
  out->push_back(quorum::ListPacket{0, {}, {.after = "", .limit = 1, .max_bytes = 0}});
  out->push_back(quorum::ListPacket{0, {}, {.limit = kMaxScanLimit}});
  quorum::PageFound page{{{"a", PartitionId{1}, FullRecord(6, false)},
                          {"b", PartitionId{2}, nullptr},
                          {"bb", PartitionId{2}, FullRecord(9, false)},
                          {"c", PartitionId{0}, LeastRecord()}},
                         "c",
                         {}};
  out->push_back(quorum::ListedPacket{kMost,
                                      {{PartitionId{0}, VersionOf(2, 7)}, {PartitionId{1}, {}}},
                                      {{PartitionId{2}, 5}, {PartitionId{3}, 0}},
                                      std::make_shared<const quorum::PageFound>(std::move(page))});
  out->push_back(quorum::ListedPacket{0, {{PartitionId{3}, {}}}, {}, std::make_shared<const quorum::PageFound>()});
  page = {{}, "z", {}};
  out->push_back(
      quorum::ListedPacket{0, {{PartitionId{3}, {}}}, {}, std::make_shared<const quorum::PageFound>(std::move(page))});
  out->push_back(quorum::ListedPacket{0, {}, {{PartitionId{65535}, 1}}, nullptr});
}

kv::RecordPtr ExpiredRecord(std::uint64_t seed) {
  kv::Record record;
  record.accepted = VersionOf(seed, 9);
  record.changed = VersionOf(seed, 8);
  record.tombstone = record.expired = true;
  return std::make_shared<const kv::Record>(std::move(record));
}

void AddWatches(std::vector<PacketBody>* out) {
  using Kind = quorum::WatchTarget::Kind;
  const quorum::WatchFilter filter{300, {{Kind::kKey, "key"}, {Kind::kPrefix, ""}, {Kind::kPrefix, "pre"}}};
  out->push_back(quorum::WatchPacket{
      PartitionId{65535}, kMost, true, false, std::make_shared<const quorum::WatchFilter>(filter), 0});
  out->push_back(quorum::WatchPacket{
      PartitionId{1}, 2, true, false, std::make_shared<const quorum::WatchFilter>(quorum::WatchFilter{1, {}}), 0});
  out->push_back(quorum::WatchPacket{PartitionId{0}, 1, false, true, nullptr, 300});
  quorum::WatchedPacket watched;
  out->push_back(watched);
  watched = {PartitionId{3}, kMost, BallotOf(30), 300, 7, VersionOf(20, 7), {}, quorum::WatchedPacket::End::kNone};
  watched.events = {{"a", FullRecord(1, false), false},
                    {"b", FullRecord(2, false), true},
                    {"c", ExpiredRecord(9), false},
                    {"d", ExpiredRecord(11), false}};
  out->push_back(watched);
  for (const auto end : {quorum::WatchedPacket::End::kNotLeading, quorum::WatchedPacket::End::kUnknown,
                         quorum::WatchedPacket::End::kBehind}) {
    quorum::WatchedPacket ended;
    ended.end = end;
    out->push_back(ended);
  }
  out->push_back(quorum::CatchUpPacket{
      PartitionId{3}, kMost, 300, {Kind::kPrefix, "pre"}, "prefix", {BallotOf(kMost), kMost}, 65536, 1u << 31});
  out->push_back(quorum::CatchUpPacket{PartitionId{0}, 0, 0, {Kind::kKey, "k"}, std::nullopt, {}, 1, 1});
  out->push_back(quorum::CatchUpPacket{PartitionId{0}, 0, 0, {Kind::kPrefix, ""}, "a", {}, 1, 1});
  quorum::CaughtUpPacket caught_up;
  out->push_back(caught_up);
  caught_up = {PartitionId{3}, kMost, 300, quorum::CaughtUpPacket::Refusal::kNone, VersionOf(20, 7), VersionOf(21, 1),
               VersionOf(3, 2), {}, "z"};
  caught_up.entries = {{"a", FullRecord(1, false)},
                       {"b", ExpiredRecord(9)},
                       {"c", FullRecord(2, false)},
                       {"d", ExpiredRecord(11)}};
  out->push_back(caught_up);
  caught_up.entries.clear();
  caught_up.examined_to = "y";
  out->push_back(caught_up);
  for (const auto refusal : {quorum::CaughtUpPacket::Refusal::kNotSubscribed, quorum::CaughtUpPacket::Refusal::kBusy,
                             quorum::CaughtUpPacket::Refusal::kUnreadable}) {
    quorum::CaughtUpPacket refused;
    refused.refusal = refusal;
    out->push_back(refused);
  }
}

}  // namespace

kv::RecordPtr FullRecord(std::uint64_t seed, bool with_operations) {
  kv::Record record;
  record.accepted = VersionOf(seed + 3, seed + 1000);
  record.changed = VersionOf(seed + 2, seed + 500);
  record.forgot = VersionOf(seed + 1, seed % 2);
  record.deadline = kv::WallTime(std::chrono::milliseconds(1'700'000'000'123 - (seed % 2) * 2'000'000'000'000));
  record.content_type = "text/plain; " + std::to_string(seed);
  for (std::uint64_t i = 0; with_operations && i < kv::kMaxRememberedOperations; ++i) {
    record.operations.push_back({{kMost - i, i}, std::string(i * 17, static_cast<char>(i))});
  }
  record.value = std::string("\0\xff binary ", 10) + std::to_string(seed);
  return std::make_shared<const kv::Record>(std::move(record));
}

kv::RecordPtr LeastRecord() {
  kv::Record record;
  record.accepted = record.changed = VersionOf(1, 1);
  record.tombstone = true;
  return std::make_shared<const kv::Record>(std::move(record));
}

std::vector<PacketBody> PeerExamples() {
  std::vector<PacketBody> examples;
  AddRequests(&examples);
  AddAnswers(&examples);
  AddForwards(&examples);
  AddMembership(&examples);
  AddNodes(&examples);
  AddPages(&examples);
  AddWatches(&examples);
  return examples;
}

}  // namespace quoin::net
