#include "net/field_text.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace quoin::net {
namespace {

std::vector<std::string> Items(std::string_view list, char separator = ',') {
  std::vector<std::string> items;
  while (!list.empty()) items.emplace_back(TakeItem(&list, separator));
  return items;
}

using Texts = std::vector<std::string>;

TEST(FieldText, ListsAreTakenItemByItem) {
  EXPECT_EQ(Items(""), Texts());
  EXPECT_EQ(Items("one"), Texts{"one"});
  EXPECT_EQ(Items(" a b ,\tc"), (Texts{"a b", "c"}));
  EXPECT_EQ(Items("a;q=1 ; b", ';'), (Texts{"a", "q=1", "b"}));
}

TEST(FieldText, EmptyItemsAreLeftToTheReader) { EXPECT_EQ(Items(",,a, ,"), (Texts{"", "", "a", ""})); }

TEST(FieldText, AListThatAPersonWroteEndsInAnEmptyItemBehindAComma) {
  using Items = std::vector<std::string_view>;
  EXPECT_EQ(ItemsOf("a, b"), (Items{"a", "b"}));
  EXPECT_EQ(ItemsOf("a,"), (Items{"a", ""}));
  EXPECT_EQ(ItemsOf(""), Items{""});
}

}  // namespace
}  // namespace quoin::net
