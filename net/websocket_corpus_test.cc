// Every stream of net/testdata/websocket_corpus, and seeded mutations of them: never a crash, and the same however
// they are cut.
#include <gtest/gtest.h>

#include "net/corpus_testing.h"

namespace quoin::net {
namespace {

constexpr char kCorpus[] = "net/testdata/websocket_corpus";

TEST(WebSocketCorpus, EveryStreamIsReadTheSameHoweverItIsCut) {
  const auto corpus = ReadCorpus(kCorpus);
  EXPECT_GE(corpus.size(), 20u);
  for (const auto& [name, bytes] : corpus) {
    SCOPED_TRACE(name);
    Fuzz(bytes);
  }
}

TEST(WebSocketCorpus, MutationsNeverCrash) { FuzzMutations(ReadCorpus(kCorpus), 5'000, 20'000); }

}  // namespace
}  // namespace quoin::net
