// Replays the corpus of the record fuzzer and a few thousand mutations of it, so that every test run guards what the
// fuzzer has seen.
#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <string>
#include <vector>

#include "kv/record.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace quoin::kv {
namespace {

constexpr int kMutations = 20'000;

void Run(const std::string& input) {
  LLVMFuzzerTestOneInput(reinterpret_cast<const std::uint8_t*>(input.data()), input.size());
}

std::vector<std::string> Corpus() {
  std::vector<std::string> inputs;
  for (const auto& entry : std::filesystem::directory_iterator("kv/testdata/record_corpus")) {
    std::ifstream file(entry.path(), std::ios::binary);
    inputs.emplace_back(std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>());
  }
  return inputs;
}

std::string Mutated(std::string bytes, std::mt19937_64& random) {
  for (std::size_t i = 0, count = 1 + random() % 4; i < count; ++i) {
    const std::size_t at = bytes.empty() ? 0 : random() % bytes.size();
    switch (random() % 4) {
      case 0:
        if (!bytes.empty()) bytes[at] = static_cast<char>(random());
        break;
      case 1:
        if (!bytes.empty()) bytes[at] = static_cast<char>(bytes[at] ^ (1 << (random() % 8)));
        break;
      case 2:
        bytes.insert(at, 1 + random() % 9, static_cast<char>(random()));
        break;
      default:
        bytes.erase(at, 1 + random() % 9);
    }
  }
  return bytes;
}

TEST(RecordFuzz, TheCorpusIsReadSafelyAndEncodedAlike) {
  const std::vector<std::string> corpus = Corpus();
  ASSERT_GE(corpus.size(), 5u);
  for (const std::string& input : corpus) Run(input);
}

TEST(RecordFuzz, MutationsAreReadSafelyAndEncodedAlike) {
  const std::vector<std::string> corpus = Corpus();
  ASSERT_FALSE(corpus.empty());
  std::mt19937_64 random(7);
  for (int i = 0; i < kMutations; ++i) Run(Mutated(corpus[random() % corpus.size()], random));
}

}  // namespace
}  // namespace quoin::kv
