// From bytes to packets. For net/peer_codec only.
//
// Each Take reads the one message that `in` stands for. What is wrong goes into its verdict; then the rest of `out`
// says nothing. Bounds are checked as the bytes are read, so that a list is never longer than it may be.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "kv/record.h"
#include "kv/version.h"
#include "net/peer_codec_wire.h"
#include "quorum/packet.h"

namespace quoin::net::peer_wire {

// ---- peer_codec_read.cc: what all of them are made of ----

// Any ballot: clients name some.
kv::Ballot TakeAnyBallot(In in);
kv::Version TakeAnyVersion(In in);
// One that somebody can have led with, or the zero one.
kv::Ballot TakeBallot(In in);
// A place in the order of writes up to which something is known, or zero. Sequence 0 is before a ballot's first write.
kv::Version TakeFloor(In in);
// The version of a record.
kv::Version TakeVersion(In in);
// The field's bytes as a key; `what` names it where it is wrong.
std::string TakeKey(In& in, const char* what = "a key");
// The field's bytes where at most so many are right.
std::string_view TakeText(In& in, std::size_t most, const char* what);
kv::RecordPtr TakeRecord(In in);
// Of the partitions that hold data.
PartitionId TakeDataPartition(In& in);

// "what is missing" becomes the verdict unless it is there.
inline void Require(bool there, In& in, const char* what) {
  if (!there) in.Fail(std::string(what) + " is missing");
}

// ---- peer_codec_read_replica.cc ----

void Take(In in, quorum::Prepare* out);
void Take(In in, quorum::Accept* out);
void Take(In in, quorum::Install* out);
void Take(In in, quorum::Barrier* out);
void Take(In in, quorum::Read* out);
void Take(In in, quorum::Compare* out);
void Take(In in, quorum::Purge* out);
void Take(In in, quorum::HandOver* out);
void Take(In in, quorum::Held* out);
void Take(In in, quorum::Promise* out);
void Take(In in, quorum::Accepted* out);
void Take(In in, quorum::Installed* out);
void Take(In in, quorum::BarrierOk* out);
void Take(In in, quorum::Compared* out);
void Take(In in, quorum::Purged* out);
void Take(In in, quorum::Nack* out);
void Take(In in, quorum::Damaged* out);
void Take(In in, quorum::Refused* out);
void Take(In in, quorum::OtherConfiguration* out);

// ---- peer_codec_read_request.cc ----

void Take(In in, quorum::ForwardPacket* out);
void Take(In in, quorum::ForwardedPacket* out);

// ---- peer_codec_read_node.cc ----

void Take(In in, quorum::HeartbeatPacket* out);
void Take(In in, quorum::FetchTopologyPacket* out);
void Take(In in, quorum::MembershipPacket* out);
void Take(In in, quorum::ReportPacket* out);
void Take(In in, quorum::ProgressPacket* out);
void Take(In in, quorum::ListPacket* out);
void Take(In in, quorum::ListedPacket* out);

// ---- peer_codec_read_watch.cc ----

void Take(In in, quorum::WatchPacket* out);
void Take(In in, quorum::WatchedPacket* out);
void Take(In in, quorum::CatchUpPacket* out);
void Take(In in, quorum::CaughtUpPacket* out);

}  // namespace quoin::net::peer_wire
