// Every stream of net/client/testdata/session_corpus, and seeded mutations of them: never a crash, and the same however
// they are cut.
#include <gtest/gtest.h>

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <random>
#include <string>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace quoin::client {
namespace {

std::map<std::string, std::string> Corpus() {
  std::map<std::string, std::string> streams;
  for (const auto& entry : std::filesystem::directory_iterator("net/client/testdata/session_corpus")) {
    std::ifstream file(entry.path(), std::ios::binary);
    streams.emplace(entry.path().filename(), std::string(std::istreambuf_iterator<char>(file), {}));
  }
  return streams;
}

void Fuzz(const std::string& bytes) {
  LLVMFuzzerTestOneInput(reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size());
}

TEST(SessionCorpus, EveryStreamIsReadTheSameHoweverItIsCut) {
  const auto corpus = Corpus();
  EXPECT_GE(corpus.size(), 12u);
  for (const auto& [name, bytes] : corpus) {
    SCOPED_TRACE(name);
    Fuzz(bytes);
  }
}

TEST(SessionCorpus, MutationsNeverCrash) {
  std::vector<std::string> streams;
  for (const auto& [name, bytes] : Corpus()) streams.push_back(bytes);
  ASSERT_FALSE(streams.empty());
  std::mt19937_64 random(1);
  for (int i = 0; i < 5'000; ++i) {
    std::string bytes = streams[random() % streams.size()];
    for (std::uint64_t left = 1 + random() % 5; left > 0 && !bytes.empty(); --left) {
      const std::size_t at = random() % bytes.size();
      switch (random() % 4) {
        case 0:
          bytes[at] = static_cast<char>(random());
          break;
        case 1:
          bytes.erase(at, random() % 9);
          break;
        case 2:
          bytes.insert(at, bytes.substr(random() % bytes.size(), random() % 30));
          break;
        default:
          bytes += streams[random() % streams.size()];
      }
    }
    bytes.resize(std::min<std::size_t>(bytes.size(), 20'000));
    Fuzz(bytes);
  }
}

}  // namespace
}  // namespace quoin::client
