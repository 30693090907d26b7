#include "net/peer_codec.h"

#include <google/protobuf/descriptor.h>
#include <google/protobuf/message.h>
#include <google/protobuf/text_format.h>
#include <gtest/gtest.h>

#include <functional>
#include <map>
#include <set>
#include <string>
#include <variant>
#include <vector>

#include "net/peer_codec_testing.h"
#include "net/proto/peer.pb.h"

namespace quoin::net {
namespace {

using google::protobuf::FieldDescriptor;
using quorum::PacketBody;
namespace v1 = quoin::peer::v1;

std::string Encoded(const PacketBody& packet) {
  std::string batch;
  AppendPacket(packet, &batch);
  return batch;
}

std::vector<PacketBody> Decoded(std::string_view batch) {
  std::vector<PacketBody> packets;
  const Status status = DecodePackets(batch, [&](PacketBody packet) { packets.push_back(std::move(packet)); });
  EXPECT_TRUE(status.ok()) << status;
  return packets;
}

v1::Packets Parsed(const std::string& batch) {
  v1::Packets parsed;
  EXPECT_TRUE(parsed.ParseFromString(batch));
  return parsed;
}

// Of all messages that are there, `message` itself and those inside.
void ForEachMessage(const google::protobuf::Message& message,
                    const std::function<void(const google::protobuf::Message&)>& look) {
  look(message);
  const auto* reflection = message.GetReflection();
  std::vector<const FieldDescriptor*> fields;
  reflection->ListFields(message, &fields);
  for (const FieldDescriptor* field : fields) {
    if (field->cpp_type() != FieldDescriptor::CPPTYPE_MESSAGE) continue;
    if (!field->is_repeated()) {
      ForEachMessage(reflection->GetMessage(message, field), look);
      continue;
    }
    for (int i = 0; i < reflection->FieldSize(message, field); ++i) {
      ForEachMessage(reflection->GetRepeatedMessage(message, field, i), look);
    }
  }
}

TEST(PeerCodec, HandsOnWhatWasAppended) {
  std::string batch;
  for (const PacketBody& packet : PeerExamples()) AppendPacket(packet, &batch);
  const auto decoded = Decoded(batch);
  const auto examples = PeerExamples();
  ASSERT_EQ(decoded.size(), examples.size());
  for (std::size_t i = 0; i < examples.size(); ++i) {
    EXPECT_EQ(FieldsOf(decoded[i]), FieldsOf(examples[i])) << "example " << i;
  }
}

// A field that no example gives two values could be lost unseen. A new kind of packet, or a new field, is added to
// PeerExamples().
TEST(PeerCodec, TheExamplesHoldEveryKindAndTwoValuesOfEveryField) {
  std::set<std::size_t> kinds, messages;
  std::map<std::string, std::set<std::string>> values;
  for (const PacketBody& packet : PeerExamples()) {
    kinds.insert(packet.index());
    if (const auto* between = std::get_if<quorum::ReplicaPacket>(&packet)) messages.insert(between->message.index());
    // What is inside is the concern of another codec.
    if (std::holds_alternative<quorum::TopologyPacket>(packet)) continue;
    for (const auto& [path, value] : FieldsOf(packet)) values[path].insert(value);
  }
  EXPECT_EQ(kinds.size(), std::variant_size_v<PacketBody>);
  EXPECT_EQ(messages.size(), std::variant_size_v<quorum::Message>);
  std::set<std::string> constant;
  for (const auto& [path, seen] : values) {
    if (seen.size() == 1 && *seen.begin() != "given") constant.insert(path);
  }
  // Not carried, as AppendPacket and the comments of these fields say, or never other than that.
  const std::set<std::string> expected = {
      "#0.1#14.10",                                          // Compare::estimate
      "#0.1#15.8.0",     "#0.1#15.8.1",  "#0.1#15.9?",       // Compared::amount, estimate
      "#0.1#6.2.2",                                          // Promise::held: no nonce
      "#10.3.0[].2.4",   "#10.3.0[].2.7[]",  // PagedKey::record: expired, operations
      "#10.3.2.code",    "#10.3.2.message",  // PageFound::status
      "#13.6[].1.7[]",   "#15.7[].1.7[]",    // FedEvent::record, Entry::record: operations
      "#4.1.2.3",        "#4.1.2.4",         "#4.1.2.7[]",  "#4.1.3.3",
      "#4.1.3.4",        "#4.1.3.7[]",                        // Reply::record, previous: no tombstone, operations
      "#4.1.7.0.0",      "#4.1.7.0.1.0", "#4.1.7.1",         // Reply::known: ForwardedPacket::newest says it
  };
  EXPECT_EQ(constant, expected);
}

TEST(PeerCodec, WritesWhatProtocWouldWrite) {
  for (const PacketBody& packet : PeerExamples()) {
    const std::string batch = Encoded(packet);
    const v1::Packets parsed = Parsed(batch);
    SCOPED_TRACE(parsed.ShortDebugString().substr(0, 300));
    EXPECT_EQ(parsed.packets_size(), 1);
    EXPECT_EQ(parsed.SerializeAsString(), batch);
    ForEachMessage(parsed, [](const google::protobuf::Message& message) {
      EXPECT_TRUE(message.GetReflection()->GetUnknownFields(message).empty()) << message.GetTypeName();
    });
  }
}

TEST(PeerCodec, TheExamplesHoldEveryFieldOfTheSchema) {
  std::map<std::string, std::set<std::string>> missing;
  std::set<std::string> given;
  for (const PacketBody& packet : PeerExamples()) {
    const v1::Packets parsed = Parsed(Encoded(packet));
    ForEachMessage(parsed, [&](const google::protobuf::Message& message) {
      for (int i = 0; i < message.GetDescriptor()->field_count(); ++i) {
        missing[message.GetTypeName()].insert(message.GetDescriptor()->field(i)->full_name());
      }
      std::vector<const FieldDescriptor*> fields;
      message.GetReflection()->ListFields(message, &fields);
      for (const FieldDescriptor* field : fields) given.insert(field->full_name());
    });
  }
  for (auto& [type, fields] : missing) {
    std::erase_if(fields, [&](const std::string& field) { return given.contains(field); });
    EXPECT_EQ(fields, std::set<std::string>()) << type;
  }
  const auto* schema = v1::Packets::descriptor()->file();
  for (int i = 0; i < schema->message_type_count(); ++i) {
    // There is nothing in it, so it needn't be looked for.
    if (schema->message_type(i)->name() == "Empty") continue;
    EXPECT_TRUE(missing.contains(schema->message_type(i)->full_name())) << schema->message_type(i)->full_name();
  }
}

// That the fields of schema and structs are the same ones.
TEST(PeerCodec, SaysInTheSchemasWordsWhatTheStructsSay) {
  kv::Record record;
  record.accepted = record.changed = {{7, NodeId{8}}, 9};
  record.deadline = kv::WallTime(std::chrono::milliseconds(-10));
  record.operations = {{{11, 12}, "r"}};
  record.value = "v";
  const quorum::Accept accept{13, "k", std::make_shared<const kv::Record>(record)};
  EXPECT_EQ(Parsed(Encoded(quorum::ReplicaPacket{PartitionId{14}, accept})).ShortDebugString(),
            "packets { partition: 14 accept { configuration: 13 key: \"k\" record { accepted { round: 7 node: 8 "
            "sequence: 9 } "
            "deadline_ms: -10 operations { client: 11 number: 12 result: \"r\" } value: \"v\" } } }");
  quorum::ForwardPacket forward{.number = 1, .meant_for = {4, NodeId{5}}, .lowest = {{2, NodeId{3}}, 4}, .hops = 1};
  forward.request = {.id = {6, 7}, .key = "k", .operation = quorum::Increment{-8}, .conditions = {}};
  EXPECT_EQ(Parsed(Encoded(forward)).ShortDebugString(),
            "packets { forward { number: 1 request { client: 6 number: 7 key: \"k\" increment { by: -8 } consistency: "
            "QUORUM } meant_for { round: 4 node: 5 } lowest { round: 2 node: 3 sequence: 4 } hops: 1 } }");
  quorum::ForwardedPacket forwarded{.number = 1};
  forwarded.reply.outcome = quorum::Outcome::kError;
  forwarded.reply.status = Status(Code::kDiskFull, "full");
  EXPECT_EQ(Parsed(Encoded(forwarded)).ShortDebugString(),
            "packets { forwarded { number: 1 reply { outcome: ERROR code: DISK_FULL message: \"full\" } } }");
}

TEST(PeerCodec, EnumeratorsAreTheSchemas) {
  const auto name = [](const google::protobuf::EnumDescriptor* type, auto value) {
    const auto* found = type->FindValueByNumber(static_cast<int>(value));
    return found == nullptr ? std::string("none") : found->name();
  };
  EXPECT_EQ(name(v1::Code_descriptor(), Code::kUnknown), "UNKNOWN");
  EXPECT_EQ(name(v1::Code_descriptor(), Code::kReadOnly), "READ_ONLY");
  EXPECT_EQ(name(v1::Code_descriptor(), Code::kIncompatible), "INCOMPATIBLE");
  EXPECT_EQ(v1::Code_descriptor()->value_count(), static_cast<int>(Code::kIncompatible) + 1);
  EXPECT_EQ(name(v1::Outcome_descriptor(), quorum::Outcome::kConditionFailed), "CONDITION_FAILED");
  EXPECT_EQ(name(v1::Outcome_descriptor(), quorum::Outcome::kError), "ERROR");
  EXPECT_EQ(name(v1::Consistency_descriptor(), quorum::Consistency::kOne), "ONE");
  EXPECT_EQ(name(v1::Consistency_descriptor(), quorum::Consistency::kQuorum), "QUORUM");
  EXPECT_EQ(name(v1::Consistency_descriptor(), quorum::Consistency::kAll), "ALL");
  EXPECT_EQ(name(v1::Content::Kind_descriptor(), quorum::Content::Kind::kAbsent), "ABSENT");
  EXPECT_EQ(name(v1::Content::Kind_descriptor(), quorum::Content::Kind::kDamaged), "DAMAGED");
  EXPECT_EQ(name(v1::Membership::Wish_descriptor(), quorum::MembershipWish::kCancel), "CANCEL");
  EXPECT_EQ(name(v1::Membership::Wish_descriptor(), quorum::MembershipWish::kReplace), "REPLACE");
  EXPECT_EQ(name(v1::MemberState_descriptor(), ring::MemberState::kDraining), "DRAINING");
  EXPECT_EQ(name(v1::MemberState_descriptor(), ring::MemberState::kRemoved), "REMOVED");
  EXPECT_EQ(name(v1::Action::Kind_descriptor(), quorum::Action::Kind::kBalance), "BALANCE");
  EXPECT_EQ(name(v1::Action::State_descriptor(), quorum::Action::State::kCancelled), "CANCELLED");
  using End = quorum::WatchedPacket::End;
  EXPECT_EQ(name(v1::Watched::End_descriptor(), End::kNotLeading), "NOT_LEADING");
  EXPECT_EQ(name(v1::Watched::End_descriptor(), End::kUnknown), "UNKNOWN_SUBSCRIPTION");
  EXPECT_EQ(name(v1::Watched::End_descriptor(), End::kBehind), "BEHIND");
  using Refusal = quorum::CaughtUpPacket::Refusal;
  EXPECT_EQ(name(v1::CaughtUp::Refusal_descriptor(), Refusal::kNotSubscribed), "NOT_SUBSCRIBED");
  EXPECT_EQ(name(v1::CaughtUp::Refusal_descriptor(), Refusal::kBusy), "BUSY");
  EXPECT_EQ(name(v1::CaughtUp::Refusal_descriptor(), Refusal::kUnreadable), "UNREADABLE");
}

TEST(PeerCodec, LeavesOutWhatOnlyTheReceiverOfAStoredRecordNeeds) {
  quorum::Held held{std::nullopt, "k", 1, {quorum::Content::Kind::kRecord, FullRecord(1), {}}};
  const auto operations = [](const PacketBody& packet) {
    const auto& message = std::get<quorum::ReplicaPacket>(packet).message;
    return std::get<quorum::Held>(message).content.record->operations.size();
  };
  EXPECT_EQ(operations(Decoded(Encoded(quorum::ReplicaPacket{PartitionId{1}, held})).at(0)), 0u);
  held.ballot = kv::Ballot{1u << 30, NodeId{1}};
  EXPECT_EQ(operations(Decoded(Encoded(quorum::ReplicaPacket{PartitionId{1}, held})).at(0)),
            kv::kMaxRememberedOperations);
}

TEST(PeerCodec, CarriesTheLargestValue) {
  kv::Record record = *LeastRecord();
  record.tombstone = false;
  record.value.assign(kv::kMaxValueBytes, 'v');
  const quorum::Accept accept{1, "k", std::make_shared<const kv::Record>(std::move(record))};
  const auto decoded = Decoded(Encoded(quorum::ReplicaPacket{PartitionId{1}, accept}));
  ASSERT_EQ(decoded.size(), 1u);
  const auto& message = std::get<quorum::ReplicaPacket>(decoded[0]).message;
  EXPECT_EQ(*std::get<quorum::Accept>(message).record, *accept.record);
}

TEST(PeerCodec, AnEmptyBatchHasNoPackets) { EXPECT_TRUE(Decoded("").empty()); }

}  // namespace
}  // namespace quoin::net
