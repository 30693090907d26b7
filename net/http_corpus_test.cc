// Every stream of net/testdata/http_corpus, and seeded mutations of them: always answers that are well-formed, or a
// closed connection; never a crash.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <map>
#include <random>
#include <string>
#include <vector>

#include "net/corpus_testing.h"
#include "net/http_testing.h"

namespace quoin::net {
namespace {

std::map<std::string, std::string> Corpus() { return ReadCorpus("net/testdata/http_corpus"); }

HttpLimits Limits() {
  HttpLimits limits;
  limits.max_header_bytes = 2048;
  return limits;
}

TEST(HttpCorpus, IsLargeEnoughToMeanSomething) { EXPECT_GE(Corpus().size(), 40u); }

TEST(HttpCorpus, EveryStreamIsReadTheSameHoweverItIsCut) {
  for (const auto& [name, bytes] : Corpus()) {
    SCOPED_TRACE(name);
    Fuzz(bytes);
  }
}

TEST(HttpCorpus, BadStreamsGetAProblemOrAreClosed) {
  for (const auto& [name, bytes] : Corpus()) {
    SCOPED_TRACE(name);
    MemoryKeyspace keyspace;
    keyspace.max_value_bytes = 4096;
    ApiHandler::Options options = TestOptions();
    options.max_value_bytes = 4096;
    ApiHandler handler(keyspace, options);
    TestConnection connection(handler, Limits());
    const bool took_all = connection.Send(bytes);
    connection.session->OnEndOfInput(connection.now);
    const std::string output = connection.Take();
    EXPECT_TRUE(connection.session->finished());
    if (name.starts_with("truncated_")) {
      EXPECT_EQ(output, "");
      continue;
    }
    if (name.starts_with("ok_")) {
      EXPECT_TRUE(took_all);
      continue;
    }
    const auto responses = ParseResponses(output);
    ASSERT_TRUE(responses.has_value()) << output;
    ASSERT_FALSE(responses->empty());
    EXPECT_GE(responses->front().status, 400);
    EXPECT_EQ(responses->front().Field("content-type"), "application/problem+json");
    if (name.starts_with("smuggle_")) {
      EXPECT_EQ(responses->size(), 1u) << "what was smuggled was answered: " << output;
      EXPECT_EQ(keyspace.submitted, 0u);
    }
  }
}

TEST(HttpCorpus, MutationsNeverCrash) {
  const auto corpus = Corpus();
  std::vector<std::string> streams;
  for (const auto& [name, bytes] : corpus) streams.push_back(bytes);
  ASSERT_FALSE(streams.empty());
  std::mt19937_64 random(1);
  for (int i = 0; i < 40'000; ++i) {
    std::string bytes = streams[random() % streams.size()];
    const std::string& other = streams[random() % streams.size()];
    for (std::uint64_t left = random() % 6; left > 0 && !bytes.empty(); --left) {
      const std::size_t at = random() % bytes.size();
      switch (random() % 5) {
        case 0:
          bytes[at] = static_cast<char>(random());
          break;
        case 1:
          bytes.erase(at, random() % 9);
          break;
        case 2:
          bytes.insert(at, bytes.substr(random() % bytes.size(), random() % 30));
          break;
        case 3:
          bytes = bytes.substr(0, at) + other.substr(std::min(other.size(), at));
          break;
        default:
          bytes += other;
      }
    }
    bytes.resize(std::min<std::size_t>(bytes.size(), 20'000));
    Fuzz(bytes);
  }
}

}  // namespace
}  // namespace quoin::net
