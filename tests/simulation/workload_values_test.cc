#include "tests/simulation/workload_values.h"

#include <gtest/gtest.h>

namespace quoin::simulation {
namespace {

quorum::Request Write(quorum::Operation operation) {
  quorum::Request request;
  request.key = "k";
  request.operation = std::move(operation);
  return request;
}

TEST(WorkloadValues, KnowWhatAppendsAndPutsCanLeadTo) {
  WorkloadValues values;
  values.Sent(Write(quorum::Put{"<1.1>", "", {}}));
  values.Sent(Write(quorum::Append{"<1.2>"}));
  values.Sent(Write(quorum::Swap{{"<2.1>", "", {}}}));
  EXPECT_TRUE(values.IsPossible("k", "<1.1>"));
  EXPECT_TRUE(values.IsPossible("k", "<2.1><1.2>"));
  EXPECT_TRUE(values.IsPossible("k", ""));
  EXPECT_FALSE(values.IsPossible("k", "<1.3>"));
  EXPECT_FALSE(values.IsPossible("k", "<1.2><1.2>")) << "an append that was applied twice";
  EXPECT_FALSE(values.IsPossible("k", "<1.1"));
  EXPECT_FALSE(values.IsPossible("other", "<1.1>"));
}

TEST(WorkloadValues, KnowHowFarIncrementsCanLead) {
  WorkloadValues values;
  values.Sent(Write(quorum::Put{"100", "", {}}));
  values.Sent(Write(quorum::Increment{-5}));
  values.Sent(Write(quorum::Append{"<1.2>"}));
  EXPECT_TRUE(values.IsPossible("k", "95"));
  EXPECT_TRUE(values.IsPossible("k", "-5"));
  EXPECT_TRUE(values.IsPossible("k", "95<1.2>"));
  EXPECT_FALSE(values.IsPossible("k", "106"));
  EXPECT_FALSE(values.IsPossible("k", "x"));
}

}  // namespace
}  // namespace quoin::simulation
