// Every stream of net/client/testdata/session_corpus, and seeded mutations of them: never a crash, and the same however
// they are cut.
#include <gtest/gtest.h>

#include "net/corpus_testing.h"

namespace quoin::client {
namespace {

using net::Fuzz;
using net::FuzzMutations;
using net::ReadCorpus;

constexpr char kCorpus[] = "net/client/testdata/session_corpus";

TEST(SessionCorpus, EveryStreamIsReadTheSameHoweverItIsCut) {
  const auto corpus = ReadCorpus(kCorpus);
  EXPECT_GE(corpus.size(), 12u);
  for (const auto& [name, bytes] : corpus) {
    SCOPED_TRACE(name);
    Fuzz(bytes);
  }
}

TEST(SessionCorpus, MutationsNeverCrash) { FuzzMutations(ReadCorpus(kCorpus), 5'000, 20'000); }

}  // namespace
}  // namespace quoin::client
