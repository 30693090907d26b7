#include "quorum/key_table.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace quoin::quorum {
namespace {

std::vector<std::string> Walk(const KeyTable<int>& table) {
  std::vector<std::string> keys;
  for (const auto& [key, value] : table) keys.push_back(key);
  return keys;
}

TEST(KeyTable, IsWalkedInTheOrderOfKeysWhateverTheOrderOfTheirComing) {
  KeyTable<int> up;
  KeyTable<int> down;
  std::vector<std::string> expected;
  for (int i = 0; i < 1000; ++i) up.Add("key-" + std::to_string(1000 + i)).second = i;
  for (int i = 999; i >= 0; --i) down.Add("key-" + std::to_string(1000 + i)).second = i;
  for (int i = 0; i < 1000; ++i) expected.push_back("key-" + std::to_string(1000 + i));
  EXPECT_EQ(Walk(up), expected);
  EXPECT_EQ(Walk(down), expected);
}

TEST(KeyTable, FindsWhatIsThereAndNothingElse) {
  KeyTable<int> table;
  EXPECT_EQ(table.Find("a"), nullptr);
  KeyTable<int>::Entry& a = table.Add("a");
  a.second = 1;
  for (int i = 0; i < 1000; ++i) table.Add("b" + std::to_string(i));
  EXPECT_EQ(table.Find("a"), &a) << "entries stay where they are";
  EXPECT_EQ(table.at("a"), 1);
  EXPECT_EQ(table.Find("b"), nullptr);
  EXPECT_EQ(table.size(), 1001u);
}

TEST(KeyTable, ForgetsWhatIsErased) {
  KeyTable<int> table;
  for (const char* key : {"c", "a", "b"}) table.Add(key);
  table.Erase("b");
  table.Erase("nobody");
  EXPECT_FALSE(table.contains("b"));
  EXPECT_EQ(Walk(table), (std::vector<std::string>{"a", "c"}));
  // The key may be the entry's own.
  table.Erase(table.Find("a")->first);
  EXPECT_EQ(Walk(table), std::vector<std::string>{"c"});
  table.Clear();
  EXPECT_TRUE(table.empty());
  EXPECT_EQ(table.Find("c"), nullptr);
}

TEST(KeyTable, FindsTheOthersWhicheverIsErased) {
  // Sizes around the growing of the table, so that runs of slots go around its end.
  for (int size = 1; size < 40; ++size) {
    for (int erased = 0; erased < size; ++erased) {
      KeyTable<int> table;
      for (int i = 0; i < size; ++i) table.Add(std::to_string(i * 7919)).second = i;
      table.Erase(std::to_string(erased * 7919));
      for (int i = 0; i < size; ++i) {
        const KeyTable<int>::Entry* const found = table.Find(std::to_string(i * 7919));
        ASSERT_EQ(found == nullptr, i == erased) << size << " keys without the " << erased << "th";
        if (found != nullptr) {
          ASSERT_EQ(found->second, i);
        }
      }
    }
  }
}

TEST(KeyTable, IsWhatAMapIsThroughManyChanges) {
  KeyTable<int> table;
  std::map<std::string, int> model;
  std::uint64_t random = 1;
  for (int step = 0; step < 100'000; ++step) {
    random = random * 6364136223846793005u + 1442695040888963407u;
    const std::string key = std::to_string((random >> 33) % 300);
    if ((random >> 60) % 2 == 0) {
      table.Erase(key);
      model.erase(key);
    } else if (!model.contains(key)) {
      table.Add(key).second = step;
      model.emplace(key, step);
    }
    const std::string other = std::to_string((random >> 43) % 300);
    const auto expected = model.find(other);
    const KeyTable<int>::Entry* const found = table.Find(other);
    ASSERT_EQ(found == nullptr, expected == model.end());
    if (found != nullptr) {
      ASSERT_EQ(found->second, expected->second);
    }
  }
  EXPECT_TRUE(std::equal(table.begin(), table.end(), model.begin(), model.end()));
}

TEST(KeyTable, GoesOnAfterAnyKey) {
  KeyTable<int> table;
  for (const char* key : {"b", "d"}) table.Add(key);
  EXPECT_EQ(table.After("")->first, "b");
  EXPECT_EQ(table.After("b")->first, "d");
  EXPECT_EQ(table.After("c")->first, "d");
  EXPECT_EQ(table.After("d"), table.end());
}

}  // namespace
}  // namespace quoin::quorum
