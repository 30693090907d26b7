// Bounds, order, enumerators, and what newer programs may say.
#include <google/protobuf/text_format.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "net/peer_codec.h"
#include "net/peer_codec_testing.h"
#include "net/proto/peer.pb.h"
#include "ring/gossip_message.h"
#include "ring/topology_codec.h"

namespace quoin::net {
namespace {

using quorum::PacketBody;
namespace v1 = quoin::peer::v1;

v1::Packet PacketOf(const std::string& text) {
  v1::Packet packet;
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(text, &packet)) << text;
  return packet;
}

std::string BatchOf(const v1::Packet& packet) {
  v1::Packets packets;
  *packets.add_packets() = packet;
  return packets.SerializeAsString();
}

// What is handed on, or the one reason why nothing is.
struct Decoding {
  Status status;
  std::vector<PacketBody> packets;
};
Decoding Decode(std::string_view batch) {
  Decoding decoding;
  decoding.status = DecodePackets(batch, [&](PacketBody packet) { decoding.packets.push_back(std::move(packet)); });
  return decoding;
}

void ExpectRefused(const v1::Packet& packet, const std::string& why) {
  const Decoding decoding = Decode(BatchOf(packet));
  EXPECT_EQ(decoding.status.code(), Code::kInvalid) << packet.ShortDebugString().substr(0, 300);
  EXPECT_NE(decoding.status.message().find(why), std::string::npos)
      << packet.ShortDebugString().substr(0, 300) << "\n  says: " << decoding.status;
  EXPECT_TRUE(decoding.packets.empty());
}
void ExpectRefused(const std::string& text, const std::string& why) { ExpectRefused(PacketOf(text), why); }
void ExpectTaken(const v1::Packet& packet, std::size_t count = 1) {
  const Decoding decoding = Decode(BatchOf(packet));
  EXPECT_TRUE(decoding.status.ok()) << decoding.status;
  EXPECT_EQ(decoding.packets.size(), count) << packet.ShortDebugString().substr(0, 300);
}

const std::string kBallot = "ballot { round: 3 node: 9 } ";

TEST(PeerCodecBounds, LimitsAreAtLeastOneAndNotTooMany) {
  ExpectRefused("compare { " + kBallot + "}", "the limit is 0; at least 1 is right");
  ExpectRefused("compare { limit: 65537 " + kBallot + "}", "is 65537; at most 65536 is right");
  ExpectRefused("list { }", "the scan is missing");
  ExpectRefused("list { scan { } }", "the limit is 0; at least 1 is right");
  ExpectRefused("list { scan { limit: 1048577 } }", "at most 1048576 is right");
}

TEST(PeerCodecBounds, ListsAreBounded) {
  v1::Packet packet = PacketOf("compared { " + kBallot + "}");
  for (std::size_t i = 0; i <= kMaxCompared; ++i) {
    packet.mutable_compared()->add_entries()->set_key("k");
    packet.mutable_compared()->mutable_entries()->rbegin()->set_damaged(true);
  }
  ExpectRefused(packet, "more than 65536 entries");
  packet.mutable_compared()->mutable_entries()->RemoveLast();
  ExpectTaken(packet);

  packet = PacketOf("heartbeat {}");
  for (std::uint64_t node = 1; node <= ring::kMaxMembers + 1; ++node) packet.mutable_heartbeat()->add_unheard(node);
  ExpectRefused(packet, "more than 1024 unheard nodes");
  packet.mutable_heartbeat()->mutable_unheard()->RemoveLast();
  ExpectTaken(packet);

  packet = PacketOf("report { moves { } }");
  for (std::uint64_t node = 1; node <= ring::kMaxReplicas + 1; ++node) {
    packet.mutable_report()->mutable_moves(0)->add_copied()->set_node(node);
  }
  ExpectRefused(packet, "more than 9 new replicas");

  packet = PacketOf("progress { }");
  for (std::size_t i = 0; i <= quorum::kMaxActions; ++i) packet.mutable_progress()->add_actions();
  ExpectRefused(packet, "more than 80 actions");
  packet = PacketOf("progress { }");
  for (std::size_t i = 0; i <= quorum::kMaxRefusals; ++i) packet.mutable_progress()->add_refusals();
  ExpectRefused(packet, "more than 16 refusals");
  ExpectRefused("progress { refusals { reason: '" + std::string(513, 'r') + "' } }", "a reason has 513 bytes");
}

TEST(PeerCodecBounds, ListsGoUp) {
  ExpectRefused("heartbeat { unheard: 2 unheard: 2 }", "the unheard nodes don't go up");
  ExpectRefused("list { scan { limit: 1 } parts { partition: 2 } parts { partition: 2 } }", "don't go up: 2, then 2");
  ExpectRefused("listed { refused { partition: 2 } refused { partition: 1 } }", "don't go up: 2, then 1");
  ExpectRefused("listed { parts { partition: 2 } parts { partition: 1 } page { } }", "don't go up: 2, then 1");
  ExpectRefused("listed { parts { } page { keys { key: 'b' } keys { key: 'b' } } }", "the keys of a page don't go up");
  ExpectRefused("listed { parts { } page { keys { key: 'b' } examined_to: 'a' } }", "beyond the last one");
}

TEST(PeerCodecBounds, PartitionsAreThoseThatThereCanBe) {
  ExpectRefused("list { scan { limit: 1 } parts { partition: 65536 } }", "is 65536; at most 65535 is right");
  ExpectRefused("listed { refused { partition: 0xffffffff } }", "at most 65535 is right");
  ExpectRefused("listed { parts { } page { keys { key: 'k' partition: 65536 } } }", "at most 65535 is right");
  ExpectRefused("report { moves { partition: 65536 } }", "there is no partition 65536");
  ExpectTaken(PacketOf("report { moves { partition: 0xffffffff } }"));
}

TEST(PeerCodecBounds, APageIsGivenExactlyWithPartitions) {
  ExpectRefused("listed { parts { } }", "a page is given exactly when there are partitions");
  ExpectRefused("listed { page { } }", "a page is given exactly when there are partitions");
}

TEST(PeerCodecBounds, WatchesSayWhatTheyAreOf) {
  ExpectRefused("watch { partition: 65536 }", "at most 65535 is right");
  ExpectRefused("watch { begins: true }", "begins without a filter");
  ExpectRefused("watch { filter { } }", "version 0; at least 1 is right");
  ExpectRefused("watch { filter { version: 1 targets { } } }", "neither a key nor a prefix");
  ExpectRefused("watch { filter { version: 1 targets { key: '' } } }", "a key has 0 bytes");
  ExpectTaken(PacketOf("watch { begins: true filter { version: 1 targets { prefix: '' } } }"));
  v1::Packet packet = PacketOf("watch { filter { version: 1 } }");
  for (std::size_t i = 0; i <= quorum::WatchFilter::kMaxTargets; ++i) {
    packet.mutable_watch()->mutable_filter()->add_targets()->set_key("k");
  }
  ExpectRefused(packet, "more than 1024 targets");
  ExpectRefused("catch_up { limit: 1 max_bytes: 1 }", "the target is missing");
  ExpectRefused("catch_up { target { key: 'k' } max_bytes: 1 }", "the limit is 0");
  ExpectRefused("catch_up { target { key: 'k' } limit: 1 }", "the limit of bytes is 0");
}

TEST(PeerCodecBounds, WhatWatchesAreToldGoesUp) {
  const auto record = [](int sequence) {
    return "record { accepted { round: 1 node: 1 sequence: " + std::to_string(sequence) + " } }";
  };
  const std::string position = "position { round: 1 node: 1 sequence: 5 } ";
  const auto event = [&](int sequence) { return "events { key: 'k' " + record(sequence) + " } "; };
  ExpectTaken(PacketOf("watched { number: 1 " + position + event(4) + event(5) + "}"));
  ExpectRefused("watched { number: 1 " + position + event(4) + event(4) + "}", "its events don't go up");
  ExpectRefused("watched { number: 1 " + position + event(6) + "}", "above the position");
  ExpectRefused("watched { " + position + event(4) + "}", "a number and no end are right");
  ExpectRefused("watched { number: 1 end: BEHIND " + position + event(4) + "}", "a number and no end are right");
  ExpectRefused("watched { number: 1 events { key: 'k' } }", "the record is missing");
  const auto entry = [&](const std::string& key, int sequence) {
    return "entries { key: '" + key + "' " + record(sequence) + " } ";
  };
  ExpectTaken(PacketOf("caught_up { " + position + entry("a", 5) + entry("b", 4) + "}"));
  ExpectRefused("caught_up { " + position + entry("b", 5) + entry("a", 4) + "}", "its keys don't go up");
  ExpectRefused("caught_up { " + position + entry("b", 6) + "}", "above the position");
  ExpectRefused("caught_up { " + position + entry("b", 5) + "examined_to: 'a' }", "beyond the last one");
  ExpectRefused("caught_up { refusal: BUSY " + position + entry("b", 5) + "}", "it refuses and has entries");
  v1::Packet packet = PacketOf("accept { key: 'k' " + record(1) + " }");
  packet.mutable_accept()->mutable_record()->set_expired(true);
  ExpectRefused(packet, "a record is there and has expired");
}

TEST(PeerCodecBounds, HeartbeatsComeWithinTheHour) {
  ExpectTaken(PacketOf("heartbeat { interval_us: 3600000000 }"));
  ExpectRefused("heartbeat { interval_us: 3600000001 }", "at most 3600000000 is right");
  ExpectRefused("heartbeat { interval_us: 0xffffffffffffffff }", "at most 3600000000 is right");
}

TEST(PeerCodecBounds, EnumeratorsAreKnown) {
  v1::Packet packet = PacketOf("held { key: 'k' content { } }");
  packet.mutable_held()->mutable_content()->set_kind(static_cast<v1::Content::Kind>(3));
  ExpectRefused(packet, "is 3; at most 2 is right");
  packet = PacketOf("refused { key: 'k' version { round: 1 node: 1 sequence: 1 } }");
  packet.mutable_refused()->set_code(static_cast<v1::Code>(10));
  ExpectRefused(packet, "is 10; at most 9 is right");
  packet.mutable_refused()->set_code(static_cast<v1::Code>(-1));
  ExpectRefused(packet, "at most 9 is right");
  packet = PacketOf("forwarded { reply { } }");
  packet.mutable_forwarded()->mutable_reply()->set_outcome(static_cast<v1::Outcome>(5));
  ExpectRefused(packet, "is 5; at most 4 is right");
  packet = PacketOf("forward { request { key: 'k' get { } } }");
  packet.mutable_forward()->mutable_request()->set_consistency(static_cast<v1::Consistency>(3));
  ExpectRefused(packet, "is 3; at most 2 is right");
  packet = PacketOf("membership { node: 1 }");
  packet.mutable_membership()->set_wish(static_cast<v1::Membership::Wish>(5));
  ExpectRefused(packet, "is 5; at most 4 is right");
  packet = PacketOf("membership { node: 1 member { } }");
  packet.mutable_membership()->mutable_member()->set_state(static_cast<v1::MemberState>(5));
  ExpectRefused(packet, "is 5; at most 4 is right");
  packet = PacketOf("progress { actions { } }");
  packet.mutable_progress()->mutable_actions(0)->set_kind(static_cast<v1::Action::Kind>(5));
  ExpectRefused(packet, "is 5; at most 4 is right");
}

TEST(PeerCodecBounds, WishesNameANodeAndAMemberExactlyToJoin) {
  ExpectRefused("membership { member { } }", "the node is missing");
  ExpectRefused("membership { node: 1 }", "exactly when it is to JOIN");
  ExpectRefused("membership { node: 1 wish: DRAIN member { } }", "exactly when it is to JOIN");
  // Wrong weights and addresses are for the controller to refuse, by text.
  ExpectTaken(PacketOf("membership { node: 1 member { weight: 5000 } }"));
  ExpectRefused("membership { node: 1 member { zone: '" + std::string(4097, 'z') + "' } }", "a zone has 4097 bytes");
}

TEST(PeerCodecBounds, GossipAndTopologiesAreCheckedByTheirOwnCodecs) {
  ExpectRefused("gossip: ''", "gossip: a gossip message is cut short");
  ExpectRefused("topology: 'x'", "topology: a topology has only 1 bytes");
  v1::Packet packet;
  packet.set_gossip(std::string(1, 2));
  EXPECT_EQ(Decode(BatchOf(packet)).status.code(), Code::kIncompatible);
  // A node must have room for its own value, whatever others tell it.
  for (const std::uint32_t key : {0u, 5u}) {
    packet.set_gossip(ring::EncodeGossip({.values = {{key, {1, {}}}}}));
    ExpectRefused(packet, "1 to 4 are right");
  }
}

TEST(PeerCodecBounds, TakesWhatCorrectNodesSayAtTheEdges) {
  const std::string version = "version { round: 1 node: 1 sequence: 1 } ";
  ExpectTaken(PacketOf("nack { " + kBallot + "}"));                  // Nothing was promised.
  ExpectTaken(PacketOf("promise { " + kBallot + "previous { } }"));  // Nothing was promised before.
  ExpectTaken(PacketOf("damaged { key: 'k' " + version + "bound { sequence: 0xffffffffffffffff } }"));  // Restarted.
  ExpectTaken(PacketOf("purge { " + kBallot + "floor { round: 3 node: 9 } }"));  // Before the first write.
  // What clients name.
  ExpectTaken(
      PacketOf("forward { lowest { round: 0xffffffffffffffff } request { key: 'k' get { } "
               "conditions { version_in { versions { sequence: 0xffffffffffffffff } } } } }"));
}

TEST(PeerCodecBounds, WhatNewerProgramsAddIsIgnored) {
  const std::string text = "accept { key: 'k' record { accepted { round: 3 node: 9 sequence: 1 } value: 'v' } }";
  v1::Packet packet = PacketOf(text);
  const auto add = [](google::protobuf::Message* message) {
    auto* unknown = message->GetReflection()->MutableUnknownFields(message);
    unknown->AddVarint(1000, ~std::uint64_t{0});
    unknown->AddFixed32(1001, 1);
    unknown->AddFixed64(1002, 1);
    unknown->AddLengthDelimited(1003, "new");
  };
  add(&packet);
  add(packet.mutable_accept());
  add(packet.mutable_accept()->mutable_record());
  add(packet.mutable_accept()->mutable_record()->mutable_accepted());
  const Decoding decoding = Decode(BatchOf(packet));
  ASSERT_EQ(decoding.packets.size(), 1u) << decoding.status;
  EXPECT_EQ(FieldsOf(decoding.packets[0]), FieldsOf(Decode(BatchOf(PacketOf(text))).packets.at(0)));
}

TEST(PeerCodecBounds, WhatOnlyNewerProgramsUnderstandIsLost) {
  const auto add = [](google::protobuf::Message* message) {
    message->GetReflection()->MutableUnknownFields(message)->AddLengthDelimited(1000, "new");
  };
  v1::Packet packet;
  add(&packet);
  ExpectTaken(packet, 0);
  packet = PacketOf("forward { request { key: 'k' } }");
  ExpectRefused(packet, "the request has no operation");
  add(packet.mutable_forward()->mutable_request());
  ExpectTaken(packet, 0);
  packet = PacketOf("forward { request { key: 'k' get { } conditions { } } }");
  ExpectRefused(packet, "a condition demands nothing");
  add(packet.mutable_forward()->mutable_request()->mutable_conditions(0));
  ExpectTaken(packet, 0);
  // The others of its batch are taken.
  const std::string batch = BatchOf(PacketOf("fetch_topology { }")) + BatchOf(packet) + BatchOf(PacketOf("report { }"));
  EXPECT_EQ(Decode(batch).packets.size(), 2u);
}

TEST(PeerCodecBounds, FieldsOfAnotherTypeAreRefused) {
  v1::Packet packet = PacketOf("fetch_topology { }");
  auto* fetch = packet.mutable_fetch_topology();
  fetch->GetReflection()->MutableUnknownFields(fetch)->AddLengthDelimited(1, "text");
  ExpectRefused(packet, "field 1 has wire type 2; 0 is right");
  // Also where there is nothing to be told.
  packet = PacketOf("forward { request { key: 'k' get { } } }");
  auto* get = packet.mutable_forward()->mutable_request()->mutable_get();
  get->GetReflection()->MutableUnknownFields(get)->AddGroup(7);
  ExpectRefused(packet, "a wire type that proto3 does not have");
  EXPECT_NE(Decode("\x0b").status.message().find("no list of packets"), std::string::npos);
  EXPECT_NE(Decode("\x0a\x03\xca\x01\x0b").status.message().find("cut short"), std::string::npos);
}

}  // namespace
}  // namespace quoin::net
