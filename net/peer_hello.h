// How two nodes greet each other: who they are, what they want, and why one refuses the other.
//
// Plain values, and their encoding (net/proto/peer_link.proto). What comes from a peer may be anything: decoding bounds
// it. Pure functions; any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/ids.h"
#include "base/status.h"

namespace quoin::net {

// What both sides of a connection say first, so that anything else is known at once for what it is.
inline constexpr std::string_view kPeerMagic{"QUOINp1\n", 8};
// The formats of packets that this program speaks. Both ends use the lower of their newest ones.
inline constexpr std::uint32_t kOldestPeerFormat = 1;
inline constexpr std::uint32_t kPeerFormat = 1;
// No greeting is longer.
inline constexpr std::size_t kMaxGreetingBytes = 4096;

// Who a node is. Zeros and the empty text say that it doesn't know yet.
struct PeerIdentity {
  std::uint32_t oldest_format = kOldestPeerFormat;
  std::uint32_t format = kPeerFormat;
  ClusterId cluster;
  NodeId node;
  std::uint64_t boot = 0;  // Random, new with every process.
  std::uint32_t partition_count = 0;
  std::uint64_t commit_number = 0;  // Only ever grows, and is durable; 0: none to tell.
  std::string advertised;           // "host:port" at which it wants to be dialled.

  friend bool operator==(const PeerIdentity&, const PeerIdentity&) = default;
};

struct PeerHello {
  enum class Kind : std::uint8_t {
    kLink = 0,      // Packets follow.
    kProbe = 1,     // Asks who is there, and whether it can dial back.
    kDialBack = 2,  // Asks whether this is who has just probed.
  };
  Kind kind = Kind::kLink;
  PeerIdentity who;
  std::uint64_t nonce = 0;  // kProbe: random; kDialBack: that of the probe.
  NodeId wanted;            // kLink: the node that this is meant for; 0: whoever is there.

  friend bool operator==(const PeerHello&, const PeerHello&) = default;
};

// Numbers are part of the format.
enum class PeerRefusal : std::uint32_t {
  kNone = 0,
  kTooOld = 1,  // The refused one speaks only older formats.
  kTooNew = 2,  // Only newer ones.
  kAnotherCluster = 3,
  kAnotherPartitionCount = 4,
  kSelf = 5,             // A node has dialled itself.
  kTwin = 6,             // Another process has the refusing node's own id.
  kOtherBootIsLive = 7,  // Another process of the refused node is being heard.
  kRestoredBackup = 8,   // The refused node has forgotten what it had made durable.
  kTooManyPeers = 9,
  kStarting = 10,         // The refusing node has no identity yet.
  kUnknownDialBack = 11,  // A dial-back that nobody asked for.
  kSenseless = 12,        // The greeting contradicts itself.
  kNotWanted = 13,        // The refused one wants another node.
};
// "another cluster", "restored backup"; "reason 99" for what a newer node may say.
std::string RefusalName(PeerRefusal refusal);

// Why one node will have nothing to do with another. `text` is for people and says what would be right.
struct PeerObjection {
  PeerRefusal refusal = PeerRefusal::kNone;
  std::string text;
};

struct PeerAnswer {
  PeerObjection objection;  // kNone: welcome.
  PeerIdentity who;
  std::string unreachable;  // To a probe: why the prober could not be dialled; empty: it could, or named no address.
};

// At most kMaxGreetingBytes; texts that would not fit are cut.
std::string EncodeHello(const PeerHello& hello);
std::string EncodeAnswer(const PeerAnswer& answer);
// kInvalid names what is wrong. Texts of the result hold no control characters.
Result<PeerHello> DecodeHello(std::string_view bytes);
Result<PeerAnswer> DecodeAnswer(std::string_view bytes);

}  // namespace quoin::net
