#include "tools/bench_data.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "tools/bench_workload.h"

namespace quoin::bench {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

TEST(SizeRange, Reads) {
  EXPECT_EQ(*ParseSizeRange("100"), (SizeRange{100, 100}));
  EXPECT_EQ(*ParseSizeRange("4KiB"), (SizeRange{4096, 4096}));
  EXPECT_EQ(*ParseSizeRange("10-2kB"), (SizeRange{10, 2000}));
  for (const char* wrong : {"", "-", "10-", "-10", "20-10", "ten", "1-2-3"}) {
    const auto range = ParseSizeRange(wrong);
    ASSERT_FALSE(range.ok()) << wrong;
    EXPECT_THAT(range.status().message(), HasSubstr("10-2000"));
  }
}

TEST(KeyNames, AreDistinctAndOfTheirSizes) {
  const KeyNames names("p/", {20, 40}, false);
  std::set<std::string> seen;
  std::set<std::size_t> sizes;
  for (std::uint64_t index = 0; index < 1000; ++index) {
    const std::string name = names.Name({.index = index});
    EXPECT_TRUE(seen.insert(name).second);
    EXPECT_GE(name.size(), 20u);
    EXPECT_LE(name.size(), 40u);
    EXPECT_EQ(name, names.Name({.index = index}));
    sizes.insert(name.size());
  }
  EXPECT_EQ(sizes.size(), 21u);
}

TEST(KeyNames, SayNumberAndGeneration) {
  EXPECT_EQ(KeyNames("p/", {0, 0}, false).Name({.index = 1234}), "p/000000001234");
  EXPECT_EQ(KeyNames("p/", {0, 0}, true).Name({.index = 7, .generation = 3}), "p/000000000007.00003");
  EXPECT_EQ(KeyNames("p/", {0, 0}, true).min_bytes(), 20u);
  EXPECT_EQ(KeyNames("p/", {16, 16}, false).Name({.index = 1}), "p/000000000001xx");
}

TEST(KeyNames, AHundredKeysShareTheirPrefix) {
  const KeyNames names("p/", {16, 30}, false);
  const std::string prefix = names.PrefixOfHundred(1234);
  for (std::uint64_t index = 1200; index < 1300; ++index) EXPECT_THAT(names.Name({.index = index}), StartsWith(prefix));
  EXPECT_THAT(names.Name({.index = 1300}), testing::Not(StartsWith(prefix)));
}

TEST(Values, TellTheirId) {
  const Values values({16, 500});
  for (std::uint64_t id : {std::uint64_t{0}, std::uint64_t{1}, std::uint64_t{1} << 40, ~std::uint64_t{0}}) {
    const std::string value = values.Make(id);
    EXPECT_GE(value.size(), 16u);
    EXPECT_LE(value.size(), 500u);
    EXPECT_EQ(values.IdOf(value), id);
  }
}

TEST(Values, NoticeEveryChangedByte) {
  const Values values({100, 100});
  const std::string value = values.Make(42);
  for (std::size_t at = 0; at < value.size(); ++at) {
    std::string changed = value;
    changed[at] = static_cast<char>(changed[at] ^ 0x20);
    EXPECT_NE(values.IdOf(changed), 42u) << at;
  }
  EXPECT_FALSE(values.IdOf(value + "x"));
  EXPECT_FALSE(values.IdOf(value.substr(1)));
  EXPECT_FALSE(values.IdOf(""));
}

TEST(Values, MayBeTooShortForAnId) {
  const Values values({0, 4});
  for (std::uint64_t id = 0; id < 100; ++id) EXPECT_LE(values.Make(id).size(), 4u);
}

TEST(Workload, SharesAddUpToOne) {
  for (const WorkloadInfo& info : Workloads()) {
    const auto found = FindWorkload(info.name, 0.3);
    ASSERT_TRUE(found) << info.name;
    EXPECT_NEAR(
        found->gets + found->puts + found->inserts + found->increments + found->read_modify_writes + found->scans, 1,
        1e-9)
        << info.name;
  }
  EXPECT_FALSE(FindWorkload("ycsb-g", 0.5));
}

TEST(Workload, StepsComeInTheirShares) {
  Workload workload = *FindWorkload("ycsb-b", 0.5);
  KeyCount count(workload.keys);
  WorkloadSource source(workload, 0.99, 7, count);
  int puts = 0;
  for (int i = 0; i < 100'000; ++i) puts += source.Next()->kind == StepKind::kPut ? 1 : 0;
  EXPECT_NEAR(puts, 5000, 300);
}

TEST(Workload, ScansAskForOneToAHundred) {
  Workload workload = *FindWorkload("ycsb-e", 0.5);
  KeyCount count(workload.keys);
  WorkloadSource source(workload, 0.99, 7, count);
  std::set<std::uint32_t> asked;
  for (int i = 0; i < 10'000; ++i) {
    const Step step = *source.Next();
    if (step.kind == StepKind::kScan) asked.insert(step.scan_entries);
  }
  EXPECT_EQ(asked.size(), 100u);
  EXPECT_EQ(*asked.begin(), 1u);
}

TEST(PreloadSource, SharesTheKeysOut) {
  std::set<std::uint64_t> keys;
  for (std::uint64_t worker = 0; worker < 3; ++worker) {
    PreloadSource source(10, worker, 3);
    while (const auto step = source.Next()) EXPECT_TRUE(keys.insert(step->key).second);
  }
  EXPECT_EQ(keys.size(), 10u);
}

}  // namespace
}  // namespace quoin::bench
