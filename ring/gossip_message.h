// What gossip says: three kinds of messages, each carrying news of members and a few small values.
//
//   byte 0    format, 1
//   byte 1    kind
//   then      varints unless said otherwise:
//     probe, target (8 bytes)
//     values: count; each key, version, bytes (sized); keys go up
//     updates: count; each node (8 bytes), incarnation, liveness (1 byte), peer address (sized)
//
// Whole and unaltered is what the link's frames keep them. Values; any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/ids.h"
#include "base/status.h"

namespace quoin::ring {

// In the order in which one claim of the same incarnation supersedes another.
enum class Liveness : std::uint8_t {
  kAlive = 0,
  kSuspect = 1,  // Did not answer; has some time left to speak up.
  kDead = 2,     // Did not speak up.
  kLeft = 3,     // Said goodbye, or is no member any more.
};
// "alive", "suspect", ...
std::string_view LivenessName(Liveness liveness);

inline constexpr std::size_t kMaxSharedValues = 4;
inline constexpr std::size_t kMaxSharedValueBytes = 64;
inline constexpr std::size_t kMaxGossipAddressBytes = 255;
inline constexpr std::size_t kMaxUpdatesPerMessage = 255;
// Only the node itself raises its incarnation, by one each time that it is slandered.
inline constexpr std::uint64_t kMaxIncarnation = std::uint64_t{1} << 48;

// A claim about one node.
struct MemberUpdate {
  NodeId node;
  std::uint64_t incarnation = 0;
  Liveness liveness = Liveness::kAlive;
  std::string address;  // "host:port" for peers.

  friend bool operator==(const MemberUpdate&, const MemberUpdate&) = default;
};

// Whether `news` replaces `known`: a total order of claims about one node, so that all nodes that have seen the same
// claims believe the same, whatever the order in which they saw them.
bool Supersedes(const MemberUpdate& news, const MemberUpdate& known);

// A small value that everyone should know the newest version of, such as the epoch of the chosen topology.
struct SharedValue {
  std::uint64_t version = 0;
  std::string bytes;

  friend auto operator<=>(const SharedValue&, const SharedValue&) = default;
};

enum class GossipKind : std::uint8_t {
  kPing = 0,         // Answer me.
  kPingRequest = 1,  // Ping `target` for me.
  kAck = 2,          // `target` has answered.
};

struct GossipMessage {
  GossipKind kind = GossipKind::kPing;
  std::uint64_t probe = 0;  // The asker's number for the question.
  NodeId target;            // Who is asked, in the end.
  std::map<std::uint32_t, SharedValue> values;
  std::vector<MemberUpdate> updates;

  friend bool operator==(const GossipMessage&, const GossipMessage&) = default;
};

// How much an update adds to a message.
std::size_t EncodedBytes(const MemberUpdate& update);
// How much the message takes without its updates, at most.
std::size_t EncodedBytesWithoutUpdates(const GossipMessage& message);

// REQUIRES: the bounds above.
std::string EncodeGossip(const GossipMessage& message);
// kDamaged or kIncompatible. Never reads outside `bytes`, whatever they are.
Result<GossipMessage> DecodeGossip(std::string_view bytes);

}  // namespace quoin::ring
