// What no correct node says is refused, by name. The wrong packets are written in protobuf's text format.
#include <google/protobuf/text_format.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "net/peer_codec.h"
#include "net/peer_codec_testing.h"
#include "net/proto/peer.pb.h"

namespace quoin::net {
namespace {

using quorum::PacketBody;
namespace v1 = quoin::peer::v1;

std::string PacketOf(const std::string& text) {
  v1::Packets packets;
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(text, packets.add_packets())) << text;
  return packets.SerializeAsString();
}

// The status, and how many packets were handed on.
struct Decoding {
  Status status;
  std::size_t packets = 0;
};
Decoding Decode(std::string_view batch) {
  Decoding decoding;
  decoding.status = DecodePackets(batch, [&](PacketBody) { ++decoding.packets; });
  return decoding;
}

void ExpectRefused(const std::string& text, const std::string& why) {
  const Decoding decoding = Decode(PacketOf(text));
  EXPECT_EQ(decoding.status.code(), Code::kInvalid) << text;
  EXPECT_NE(decoding.status.message().find(why), std::string::npos) << text << "\n  says: " << decoding.status;
  EXPECT_EQ(decoding.packets, 0u);
}
void ExpectTaken(const std::string& text) {
  const Decoding decoding = Decode(PacketOf(text));
  EXPECT_TRUE(decoding.status.ok()) << text << "\n  says: " << decoding.status;
  EXPECT_EQ(decoding.packets, 1u);
}

const std::string kBallot = "ballot { round: 3 node: 9 } ";
const std::string kVersion = "version { round: 3 node: 9 sequence: 1 } ";
const std::string kAccepted = "accepted { round: 3 node: 9 sequence: 1 } ";
const std::string kRecord = "record { " + kAccepted + "} ";
const std::string kLater = "record { accepted { round: 4 node: 9 sequence: 1 } } ";

std::string Accept(const std::string& record) { return "accept { key: 'k' record { " + record + " } }"; }

TEST(PeerCodecRefusal, NamesThePacketAndTheReason) {
  const std::string batch = PacketOf("fetch_topology { epoch: 1 }") + PacketOf("accept { " + kRecord + "}");
  EXPECT_EQ(Decode(batch).status.ToString(),
            Status(Code::kInvalid, "packet 2 of 2, accept: the key is missing").ToString());
}

TEST(PeerCodecRefusal, ABatchIsTakenWholeOrNotAtAll) {
  const std::string good = PacketOf("fetch_topology { epoch: 1 }");
  const Decoding decoding = Decode(good + good + PacketOf("hand_over {}") + good);
  EXPECT_FALSE(decoding.status.ok());
  EXPECT_EQ(decoding.packets, 0u);
}

TEST(PeerCodecRefusal, EveryBatchThatIsCutShort) {
  for (const PacketBody& packet : PeerExamples()) {
    std::string batch;
    AppendPacket(packet, &batch);
    for (std::size_t size = 1; size < batch.size(); ++size) {
      // Exactly so many bytes, so that a sanitizer sees reads beyond them.
      const std::vector<char> bytes(batch.begin(), batch.begin() + static_cast<std::ptrdiff_t>(size));
      const Decoding decoding = Decode({bytes.data(), bytes.size()});
      ASSERT_EQ(decoding.status.code(), Code::kInvalid) << "cut to " << size << " of " << batch.size();
      ASSERT_EQ(decoding.packets, 0u);
    }
  }
}

TEST(PeerCodecRefusal, PacketsThatAreNotOnePacket) {
  ExpectRefused("", "there is nothing in it");
  ExpectRefused("partition: 7", "there is nothing in it");
  const std::string two = PacketOf("hand_over { " + kBallot + "}").substr(2) + PacketOf("fetch_topology {}").substr(2);
  EXPECT_NE(Decode("\x0a" + std::string(1, static_cast<char>(two.size())) + two).status.message().find("two in one"),
            std::string::npos);
  ExpectRefused("partition: 65536 hand_over { " + kBallot + "}", "there is no partition 65536");
  ExpectRefused("partition: 0xfffffffe hand_over { " + kBallot + "}", "there is no partition 4294967294");
  ExpectTaken("partition: 0xffffffff hand_over { " + kBallot + "}");
}

TEST(PeerCodecRefusal, MorePacketsThanABatchMayHave) {
  std::string batch;
  for (std::size_t i = 0; i < kMaxBatchPackets; ++i) AppendPacket(quorum::FetchTopologyPacket{}, &batch);
  EXPECT_EQ(batch.size(), kMaxBatchPackets * 5);
  EXPECT_EQ(Decode(batch).packets, kMaxBatchPackets);
  AppendPacket(quorum::FetchTopologyPacket{}, &batch);
  EXPECT_EQ(Decode(batch).status.message(), "the batch has more than 65536 packets");
}

TEST(PeerCodecRefusal, Keys) {
  const std::string long_key(kv::kMaxKeyBytes + 1, 'k');
  ExpectRefused("accept { " + kRecord + "}", "the key is missing");
  ExpectRefused("accept { key: '" + long_key + "' " + kRecord + "}", "has 4097 bytes; 1 to 4096 are right");
  ExpectRefused("prepare { " + kBallot + "key: '' }", "has 0 bytes; 1 to 4096 are right");
  for (const std::string& kind : std::vector<std::string>{
           "read { nonce: 1 }", "install { " + kBallot + kRecord + "}", "held { content { kind: ABSENT } }",
           "accepted { " + kVersion + "}", "installed { " + kBallot + kVersion + "}", "damaged { " + kVersion + "}",
           "refused { code: DISK_FULL " + kVersion + "}", "forward { request { get {} } }",
           "compared { " + kBallot + "entries { damaged: true } }", "listed { parts {} page { keys {} } }"}) {
    ExpectRefused(kind, "the key is missing");
  }
  ExpectRefused("compare { limit: 1 to: '' " + kBallot + "}", "the end of a range has 0 bytes");
  ExpectRefused("compare { limit: 1 from: '" + long_key + "' " + kBallot + "}",
                "the beginning of a range has 4097 bytes");
  ExpectRefused("compared { next: '' " + kBallot + "}", "the next key has 0 bytes");
  ExpectRefused("listed { parts {} page { examined_to: '' } }", "the last key that was looked at has 0 bytes");
}

TEST(PeerCodecRefusal, BallotsThatNobodyCanHaveLedWith) {
  for (const std::string& ballot :
       std::vector<std::string>{"round: 3", "node: 9", "round: 0x4000000000000001 node: 9"}) {
    ExpectRefused("hand_over { ballot { " + ballot + " } }", "a round of 1 to 2^62");
    ExpectRefused("nack { " + kBallot + "promised { " + ballot + " } }", "a round of 1 to 2^62");
    ExpectRefused("forward { request { key: 'k' get {} } meant_for { " + ballot + " } }", "a round of 1 to 2^62");
    ExpectRefused("forwarded { reply {} newest { " + ballot + " } }", "rounds and sequences are 1 to 2^62");
  }
  for (const std::string& kind : std::vector<std::string>{"prepare", "barrier", "purge", "hand_over", "promise",
                                                          "barrier_ok", "compared", "purged", "nack"}) {
    ExpectRefused(kind + " {}", "the ballot is missing");
    ExpectRefused(kind + " { ballot {} }", "the ballot is missing");
  }
  ExpectRefused("read { key: 'k' ballot {} }", "the ballot is missing");
  ExpectRefused("held { key: 'k' ballot {} content { kind: ABSENT } }", "the ballot is missing");
}

TEST(PeerCodecRefusal, VersionsThatNobodyCanHaveWritten) {
  for (const std::string& version :
       std::vector<std::string>{"", "round: 3 node: 9", "round: 3 sequence: 1", "node: 9 sequence: 1",
                                "round: 3 node: 9 sequence: 0x4000000000000001"}) {
    ExpectRefused("accepted { key: 'k' version { " + version + " } }", "rounds and sequences are 1 to 2^62");
    ExpectRefused(Accept("accepted { " + version + " }"), "rounds and sequences are 1 to 2^62");
  }
  ExpectRefused(Accept(""), "rounds and sequences are 1 to 2^62");
  ExpectRefused(Accept(kAccepted + "changed { round: 3 node: 9 sequence: 2 }"), "changed by a later proposal");
  ExpectRefused(Accept(kAccepted + "changed { }"), "rounds and sequences are 1 to 2^62");
  ExpectRefused(Accept(kAccepted + "forgot { sequence: 2 }"), "rounds and sequences are 1 to 2^62");
  ExpectRefused("accepted { key: 'k' }", "the version is missing");
  ExpectRefused("purge { " + kBallot + "floor { sequence: 4 } }", "rounds and sequences are 1 to 2^62");
}

// A leader that met such a thing would have to propose below it (I4).
TEST(PeerCodecRefusal, WhatIsAboveItsOwnBallot) {
  const std::string above = "floor { round: 4 node: 9 } ";
  ExpectRefused("held { key: 'k' " + kBallot + "content { " + kLater + "} }", "the record is above");
  ExpectRefused("held { key: 'k' " + kBallot + "content { kind: ABSENT " + above + "} }", "the floor is above");
  ExpectTaken("held { key: 'k' content { " + kLater + above + "} }");
  ExpectRefused("promise { " + kBallot + "held { key: 'k' " + kBallot + "content { " + kLater + "} } }",
                "the record is above");
  ExpectRefused("promise { " + kBallot + "held { key: 'k' content { kind: ABSENT } } }",
                "another ballot than the promise");
  ExpectRefused("promise { " + kBallot + "held { key: 'k' nonce: 1 " + kBallot + "content { kind: ABSENT } } }",
                "or a nonce");
  ExpectRefused("install { key: 'k' " + kBallot + kLater + "}", "the record is above");
  ExpectRefused("compare { limit: 1 " + kBallot + above + "}", "the floor is above");
  ExpectRefused("compared { " + kBallot + above + "}", "the floor is above");
  ExpectRefused("compared { " + kBallot + "entries { key: 'k' version { round: 4 node: 9 sequence: 1 } } }",
                "version is above");
  ExpectRefused("purge { " + kBallot + above + "}", "the floor is above");
  ExpectRefused("purged { " + kBallot + above + "}", "the floor is above");
}

TEST(PeerCodecRefusal, RecordsThatCouldNotBeStored) {
  ExpectRefused("accept { key: 'k' }", "the record is missing");
  ExpectRefused("install { key: 'k' " + kBallot + "}", "the record is missing");
  for (const std::string& part : std::vector<std::string>{"value: 'v'", "content_type: 't'", "deadline_ms: 0"}) {
    ExpectRefused(Accept(kAccepted + "tombstone: true " + part), "a tombstone has a value");
  }
  ExpectRefused(Accept(kAccepted + "content_type: '" + std::string(257, 't') + "'"),
                "a content type has 257 bytes; at most 256");
  ExpectRefused(Accept(kAccepted + "operations { result: '" + std::string(257, 'r') + "' }"),
                "has 257 bytes; at most 256");
  ExpectRefused(Accept(kAccepted + "operations { result: '\\x80' }"), "a result without an outcome");
  std::string many;
  for (int i = 0; i < 17; ++i) many += "operations { number: 1 } ";
  ExpectRefused(Accept(kAccepted + many), "more than 16 operations");
  ExpectRefused(Accept(kAccepted + "value: '" + std::string(kv::kMaxValueBytes + 1, 'v') + "'"),
                "at most 67108864 are right");
}

TEST(PeerCodecRefusal, AnswersThatContradictThemselves) {
  ExpectRefused("held { key: 'k' }", "the content is missing");
  ExpectRefused("held { key: 'k' content { } }", "exactly when it is of the kind RECORD");
  ExpectRefused("held { key: 'k' content { kind: DAMAGED " + kRecord + "} }", "exactly when it is of the kind RECORD");
  ExpectRefused("compared { " + kBallot + "entries { key: 'k' } }", "exactly when it is not damaged");
  ExpectRefused("compared { " + kBallot + "entries { key: 'k' damaged: true " + kVersion + "} }",
                "exactly when it is not damaged");
  ExpectRefused("refused { key: 'k' " + kVersion + "}", "the code is OK");
  ExpectRefused("forwarded { }", "the reply is missing");
  ExpectRefused("forwarded { reply { code: UNKNOWN } }", "exactly when it is REJECTED or an ERROR");
  ExpectRefused("forwarded { reply { outcome: ERROR } }", "exactly when it is REJECTED or an ERROR");
  ExpectRefused("forwarded { reply { outcome: REJECTED } }", "exactly when it is REJECTED or an ERROR");
  ExpectRefused("forwarded { reply { record { tombstone: true " + kAccepted + "} } }", "shows a tombstone");
  ExpectRefused("forwarded { reply { previous { tombstone: true " + kAccepted + "} } }", "shows a tombstone");
  ExpectRefused("forwarded { reply { outcome: ERROR code: IO " + kRecord + "} }", "an ERROR shows a record");
}

}  // namespace
}  // namespace quoin::net
