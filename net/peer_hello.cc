#include "net/peer_hello.h"

#include <algorithm>
#include <utility>

#include "base/text.h"
#include "net/proto/peer_link.pb.h"

namespace quoin::net {
namespace {

namespace proto = peer_link::v1;

// Escaped, a text may become four times as long; two of them must fit into a greeting.
constexpr std::size_t kMaxTextBytes = 400;
constexpr std::size_t kMaxAddressBytes = 300;  // A host name has at most 253.

// What may stand in a log line.
std::string Clean(std::string_view text, std::size_t limit_bytes = kMaxTextBytes) {
  const bool clean = text.size() <= limit_bytes &&
                     std::all_of(text.begin(), text.end(), [](char byte) { return byte >= 0x20 && byte < 0x7f; });
  return clean ? std::string(text) : Printable(text, limit_bytes);
}

void Write(const PeerIdentity& who, proto::Identity& out) {
  out.set_oldest_format(who.oldest_format);
  out.set_format(who.format);
  out.set_cluster(who.cluster.value);
  out.set_node(who.node.value);
  out.set_boot(who.boot);
  out.set_partition_count(who.partition_count);
  out.set_commit_number(who.commit_number);
  out.set_advertised(Clean(who.advertised, kMaxAddressBytes));
}

Result<PeerIdentity> Read(const proto::Identity& from) {
  if (from.format() == 0 || from.oldest_format() == 0 || from.oldest_format() > from.format()) {
    return Status(Code::kInvalid, "a greeting names the formats " + std::to_string(from.oldest_format()) + " to " +
                                      std::to_string(from.format()) + ", which is no range");
  }
  if (from.advertised().size() > kMaxAddressBytes) {
    return Status(Code::kInvalid, "a greeting's address has more than " + std::to_string(kMaxAddressBytes) + " bytes");
  }
  PeerIdentity who;
  who.oldest_format = from.oldest_format();
  who.format = from.format();
  who.cluster.value = from.cluster();
  who.node.value = from.node();
  who.boot = from.boot();
  who.partition_count = from.partition_count();
  who.commit_number = from.commit_number();
  who.advertised = Clean(from.advertised(), kMaxAddressBytes);
  return who;
}

}  // namespace

std::string RefusalName(PeerRefusal refusal) {
  switch (refusal) {
    case PeerRefusal::kNone:
      return "welcome";
    case PeerRefusal::kTooOld:
      return "too old";
    case PeerRefusal::kTooNew:
      return "too new";
    case PeerRefusal::kAnotherCluster:
      return "another cluster";
    case PeerRefusal::kAnotherPartitionCount:
      return "another partition count";
    case PeerRefusal::kSelf:
      return "the node itself";
    case PeerRefusal::kTwin:
      return "two nodes with one id";
    case PeerRefusal::kOtherBootIsLive:
      return "another process of the node is live";
    case PeerRefusal::kRestoredBackup:
      return "restored backup";
    case PeerRefusal::kTooManyPeers:
      return "too many peers";
    case PeerRefusal::kStarting:
      return "starting";
    case PeerRefusal::kUnknownDialBack:
      return "unknown dial-back";
    case PeerRefusal::kNotWanted:
      return "another node";
    case PeerRefusal::kSenseless:
      return "senseless greeting";
  }
  return "reason " + std::to_string(static_cast<std::uint32_t>(refusal));
}

std::string EncodeHello(const PeerHello& hello) {
  proto::Hello out;
  out.set_kind(static_cast<proto::Hello::Kind>(hello.kind));
  Write(hello.who, *out.mutable_who());
  out.set_nonce(hello.nonce);
  out.set_wanted(hello.wanted.value);
  return out.SerializeAsString();
}

std::string EncodeAnswer(const PeerAnswer& answer) {
  proto::Answer out;
  out.set_refusal(static_cast<std::uint32_t>(answer.objection.refusal));
  out.set_text(Clean(answer.objection.text));
  Write(answer.who, *out.mutable_who());
  out.set_unreachable(Clean(answer.unreachable));
  return out.SerializeAsString();
}

Result<PeerHello> DecodeHello(std::string_view bytes) {
  proto::Hello from;
  if (bytes.size() > kMaxGreetingBytes || !from.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) {
    return Status(Code::kInvalid, "the greeting can't be read");
  }
  if (from.kind() < proto::Hello::LINK || from.kind() > proto::Hello::DIAL_BACK) {
    return Status(Code::kInvalid, "a greeting of the unknown kind " + std::to_string(from.kind()));
  }
  auto who = Read(from.who());
  if (!who.ok()) return who.status();
  PeerHello hello;
  hello.kind = static_cast<PeerHello::Kind>(from.kind());
  hello.who = *std::move(who);
  hello.nonce = from.nonce();
  hello.wanted.value = from.wanted();
  if (hello.kind == PeerHello::Kind::kLink && (hello.who.node.value == 0 || hello.who.boot == 0)) {
    return Status(Code::kInvalid, "a greeting for a link must name the node and its boot, which are not 0");
  }
  return hello;
}

Result<PeerAnswer> DecodeAnswer(std::string_view bytes) {
  proto::Answer from;
  if (bytes.size() > kMaxGreetingBytes || !from.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) {
    return Status(Code::kInvalid, "the answer to the greeting can't be read");
  }
  auto who = Read(from.who());
  if (!who.ok()) return who.status();
  PeerAnswer answer;
  answer.objection.refusal = static_cast<PeerRefusal>(from.refusal());
  answer.objection.text = Clean(from.text(), kMaxGreetingBytes);
  answer.who = *std::move(who);
  answer.unreachable = Clean(from.unreachable(), kMaxGreetingBytes);
  return answer;
}

}  // namespace quoin::net
