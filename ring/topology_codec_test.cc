#include "ring/topology_codec.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <xxhash.h>

#include <random>
#include <string>

#include "ring/coding.h"

namespace quoin::ring {
namespace {

using testing::HasSubstr;

// A valid topology with members in every state and configurations in every phase.
Topology Varied(std::uint64_t seed, std::uint32_t partition_count) {
  std::mt19937_64 random(seed);
  const auto below = [&](std::uint64_t bound) { return random() % bound; };
  Topology topology;
  topology.cluster = ClusterId{random()};
  topology.epoch = 1 + below(1000);
  topology.goal = {.replication_factor = 3, .read_quorum = 1, .write_quorum = 3};
  std::vector<NodeId> holders;
  for (std::size_t i = 0; i < 12; ++i) {
    const NodeId id{random() | 1};
    const auto state = static_cast<MemberState>(i < 5 ? i : 1);
    topology.members[id] = {.peer_address = "10.0.0." + std::to_string(i) + ":7080",
                            .client_address = "node" + std::to_string(i) + ".example:8080",
                            .zone = std::string(below(4), 'z'),
                            .weight = static_cast<std::uint32_t>(below(kMaxWeight + 1)),
                            .state = state};
    if (state != MemberState::kJoining && state != MemberState::kRemoved) holders.push_back(id);
  }
  const auto set = [&](std::size_t count) {
    std::shuffle(holders.begin(), holders.end(), random);
    return MajoritySet({holders.begin(), holders.begin() + static_cast<std::ptrdiff_t>(count)});
  };
  topology.system = {.version = 1 + below(9), .replicas = set(5)};
  for (std::uint32_t i = 0; i < partition_count; ++i) {
    Configuration configuration{.version = 1 + below(300), .phase = static_cast<Phase>(below(3)), .replicas = set(3)};
    if (configuration.phase != Phase::kStable) configuration.incoming = set(4);
    topology.partitions.push_back(configuration);
  }
  EXPECT_TRUE(topology.Check().ok()) << topology.Check();
  return topology;
}

// The bytes with a checksum that fits, so that what lies behind it is tested, too.
std::string Resealed(std::string bytes) {
  std::string sealed(1, bytes[0]);
  AppendFixed64(XXH3_64bits_withSeed(bytes.data() + 9, bytes.size() - 9, static_cast<std::uint8_t>(bytes[0])), &sealed);
  return sealed + bytes.substr(9);
}

TEST(TopologyCodec, BringsBackEveryTopology) {
  for (std::uint64_t seed = 0; seed < 200; ++seed) {
    const Topology topology = Varied(seed, 1u << seed % 6);
    const Result<Topology> back = DecodeTopology(EncodeTopology(topology));
    ASSERT_TRUE(back.ok()) << back.status();
    ASSERT_EQ(*back, topology);
  }
}

// Nodes of different versions of the program must agree on the bytes: a change of the format needs a new number.
TEST(TopologyCodec, KeepsTheBytesOfFormatOne) {
  const Member member{.peer_address = "a:1", .client_address = "b:2", .zone = "z", .weight = 3};
  const std::string bytes = EncodeTopology(Bootstrap(ClusterId{2}, NodeId{1}, member, 2, {}));
  const std::string payload(
      "\x02\0\0\0\0\0\0\0"                  // cluster
      "\x01\x03\0\0"                        // epoch, goal
      "\x01\x01\0\0\0\0\0\0\0\x01\x03\x03"  // one member: id, active, weight 3
      "a:1\x03"                             //
      "b:2\x01z"                            //
      "\x01\0\x01\x01\x01\0"                // the system partition
      "\x01"                                // two partitions
      "\x01\0\x01\x01\x01\0\x01\0\x01\x01\x01\0",
      8 + 4 + 12 + 4 + 5 + 6 + 1 + 12);
  EXPECT_EQ(bytes.substr(9), payload);
  EXPECT_EQ(bytes, Resealed(std::string("\x01\0\0\0\0\0\0\0\0", 9) + payload));
}

TEST(TopologyCodec, TakesAFewBytesPerPartition) { EXPECT_LT(EncodeTopology(Varied(1, 256)).size(), 256u * 16 + 1000); }

TEST(TopologyCodec, NoticesEveryDamagedBit) {
  const std::string bytes = EncodeTopology(Varied(1, 4));
  for (std::size_t bit = 0; bit < 8 * bytes.size(); ++bit) {
    std::string damaged = bytes;
    damaged[bit / 8] = static_cast<char>(damaged[bit / 8] ^ 1 << bit % 8);
    ASSERT_EQ(DecodeTopology(damaged).code(), Code::kDamaged) << "bit " << bit;
  }
}

TEST(TopologyCodec, NoticesEveryTruncationAndExtension) {
  const std::string bytes = EncodeTopology(Varied(2, 4));
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    ASSERT_EQ(DecodeTopology(bytes.substr(0, size)).code(), Code::kDamaged) << size;
    if (size >= 9) {
      ASSERT_EQ(DecodeTopology(Resealed(bytes.substr(0, size))).code(), Code::kDamaged) << size;
    }
  }
  EXPECT_EQ(DecodeTopology(Resealed(bytes + '\0')).code(), Code::kDamaged);
}

TEST(TopologyCodec, TellsANewerFormatFromDamage) {
  std::string bytes = EncodeTopology(Varied(3, 1));
  bytes[0] = 2;
  const Result<Topology> newer = DecodeTopology(Resealed(bytes));
  EXPECT_EQ(newer.code(), Code::kIncompatible);
  EXPECT_THAT(newer.status().message(), HasSubstr("format 2"));
}

// Whatever passes is valid and has just these bytes: no two encodings of one topology.
TEST(TopologyCodec, AcceptsNothingThatItWouldNotWrite) {
  std::mt19937_64 random(4);
  int accepted = 0;
  for (int round = 0; round < 20000; ++round) {
    std::string bytes = EncodeTopology(Varied(round % 10, 2));
    for (std::uint64_t changes = 1 + random() % 3; changes > 0; --changes) {
      const std::size_t at = 9 + random() % (bytes.size() - 9);
      if (random() % 8 == 0) {
        bytes.erase(at, 1);
      } else if (random() % 8 == 0) {
        bytes.insert(at, 1, static_cast<char>(random()));
      } else {
        bytes[at] = static_cast<char>(random() % 2 ? random() : bytes[at] ^ 1 << random() % 8);
      }
    }
    bytes = Resealed(bytes);
    const Result<Topology> decoded = DecodeTopology(bytes);
    if (!decoded.ok()) continue;
    ++accepted;
    ASSERT_TRUE(decoded->Check().ok());
    ASSERT_EQ(EncodeTopology(*decoded), bytes);
  }
  EXPECT_GT(accepted, 100);  // Otherwise the loop shows nothing.
}

TEST(TopologyCodec, RefusesATopologyThatIsNotValid) {
  Topology topology = Varied(5, 1);
  std::string bytes = EncodeTopology(topology);
  const std::size_t epoch_at = 9 + 8;
  ASSERT_LT(topology.epoch, 128u * 128);
  bytes.replace(epoch_at, topology.epoch < 128 ? 1 : 2, 1, '\0');
  const Result<Topology> decoded = DecodeTopology(Resealed(bytes));
  EXPECT_EQ(decoded.code(), Code::kDamaged);
  EXPECT_THAT(decoded.status().message(), HasSubstr("epoch"));
}

TEST(TopologyCodecDeathTest, DoesNotEncodeATopologyThatIsNotValid) { EXPECT_DEATH(EncodeTopology({}), "epoch"); }

}  // namespace
}  // namespace quoin::ring
