// Every input of net/testdata/peer_codec_corpus, and seeded mutations of them: what must hold stands in
// peer_codec_fuzz.cc.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <map>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "net/corpus_testing.h"
#include "net/peer_codec.h"

namespace quoin::net {
namespace {

constexpr int kMutations = 50'000;

std::map<std::string, std::string> Corpus() { return ReadCorpus("net/testdata/peer_codec_corpus"); }

bool IsTaken(const std::string& input) {
  return DecodePackets(std::string_view(input).substr(1), [](const quorum::PacketBody&) {}).ok();
}

// A file's name says what becomes of it, so that the corpus keeps reaching what it was made for.
TEST(PeerCodecCorpus, HoldsWhatIsTakenAndWhatIsRefused) {
  const auto corpus = Corpus();
  EXPECT_GE(corpus.size(), 40u);
  for (const auto& [name, bytes] : corpus) {
    SCOPED_TRACE(name);
    ASSERT_FALSE(bytes.empty());
    const bool made_of_bodies = (bytes[0] & 1) != 0;
    EXPECT_EQ(made_of_bodies || IsTaken(bytes), !name.starts_with("bad"));
    Fuzz(bytes);
  }
}

TEST(PeerCodecCorpus, MutationsAreTakenExactlyOrRefused) {
  std::vector<std::string> inputs;
  for (const auto& [name, bytes] : Corpus()) inputs.push_back(bytes);
  ASSERT_FALSE(inputs.empty());
  std::mt19937_64 random(1);
  int taken = 0;
  for (int i = 0; i < kMutations; ++i) {
    std::string bytes = inputs[random() % inputs.size()];
    for (std::uint64_t left = 1 + random() % 3; left > 0 && !bytes.empty(); --left) {
      const std::size_t at = random() % bytes.size();
      switch (random() % 4) {
        case 0:
          bytes[at] = static_cast<char>(random());
          break;
        case 1:
          bytes[at] = static_cast<char>(bytes[at] ^ (1 << (random() % 8)));
          break;
        case 2:
          bytes.erase(at, random() % 9);
          break;
        default:
          bytes.insert(at, bytes.substr(random() % bytes.size(), random() % 30));
      }
    }
    Fuzz(bytes);
    taken += !bytes.empty() && IsTaken(bytes);
  }
  // Otherwise the mutations would all end at the first check.
  EXPECT_GT(taken, kMutations / 50);
}

}  // namespace
}  // namespace quoin::net
