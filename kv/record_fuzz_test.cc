// Replays the corpus of the record fuzzer, and mutations of it, so that every test run guards what the fuzzer looks
// for.
#include <glog/logging.h>
#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <random>
#include <string>
#include <vector>

#include "kv/coding.h"
#include "kv/record.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace quoin::kv {
namespace {

constexpr int kMutations = 20'000;

void Feed(const std::string& input) {
  LLVMFuzzerTestOneInput(reinterpret_cast<const std::uint8_t*>(input.data()), input.size());
}

// File name to bytes.
std::map<std::string, std::string> Corpus() {
  std::map<std::string, std::string> inputs;
  for (const auto& entry : std::filesystem::directory_iterator("kv/testdata/record_corpus")) {
    std::ifstream file(entry.path(), std::ios::binary);
    inputs[entry.path().filename().string()] = std::string(std::istreambuf_iterator<char>(file), {});
  }
  CHECK_GT(inputs.size(), 20u);
  return inputs;
}

// A file's name says what becomes of it, so that the corpus keeps reaching what it was made for.
TEST(RecordFuzz, TheCorpusHoldsWhatTheDecoderTakesAndWhatItRefuses) {
  for (const auto& [name, bytes] : Corpus()) {
    Code expected = Code::kOk;
    if (name.starts_with("bad")) expected = Code::kDamaged;
    if (name.starts_with("newe")) expected = Code::kIncompatible;
    EXPECT_EQ(DecodeRecord(PartitionId{0}, {}, bytes).code(), expected) << name;
    Feed(bytes);
  }
}

TEST(RecordFuzz, EveryPrefixOfTheCorpusIsTakenExactlyOrRefused) {
  for (const auto& [name, bytes] : Corpus()) {
    SCOPED_TRACE(name);
    for (std::size_t size = 0; size < bytes.size(); ++size) Feed(bytes.substr(0, size));
  }
}

std::string Mutated(std::string bytes, std::mt19937_64& random) {
  for (std::size_t i = 0, count = 1 + random() % 4; i < count; ++i) {
    const std::size_t at = bytes.empty() ? 0 : random() % bytes.size();
    switch (bytes.empty() ? 2 : random() % 4) {
      case 0:
        bytes[at] = static_cast<char>(random());
        break;
      case 1:
        bytes[at] = static_cast<char>(bytes[at] ^ (1 << (random() % 8)));
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

TEST(RecordFuzz, WhatMutationsMakeIsTakenExactlyOrRefused) {
  std::vector<std::string> inputs;
  for (const auto& [name, bytes] : Corpus()) inputs.push_back(bytes);
  std::mt19937_64 random(7);
  int taken = 0;
  for (int i = 0; i < kMutations; ++i) {
    std::string bytes = Mutated(inputs[random() % inputs.size()], random);
    Feed(bytes);
    if (bytes.size() < kEnvelopeBytes) continue;
    SealEnvelope(StoredKind::kRecord, PartitionId{0}, {}, 0, &bytes);
    if (DecodeRecord(PartitionId{0}, {}, bytes).ok()) ++taken;
  }
  // Otherwise the mutations would all end at the first check.
  EXPECT_GT(taken, kMutations / 50);
}

}  // namespace
}  // namespace quoin::kv
