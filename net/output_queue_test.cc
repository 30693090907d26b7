#include "net/output_queue.h"

#include <gtest/gtest.h>

#include <memory>
#include <random>
#include <string>

namespace quoin::net {
namespace {

kv::RecordPtr RecordOf(std::string value) {
  kv::Record record;
  record.value = std::move(value);
  return std::make_shared<const kv::Record>(std::move(record));
}

TEST(OutputQueue, GathersSmallPieces) {
  OutputQueue queue;
  queue.AppendConstant("a");
  queue.AppendOwned("b");
  queue.AppendValue(RecordOf("c"));
  queue.AppendConstant("");
  queue.AppendOwned("");
  queue.AppendValue(RecordOf(""));
  std::vector<std::string_view> views;
  queue.Collect(views, 9);
  ASSERT_EQ(views.size(), 1u);
  EXPECT_EQ(views[0], "abc");
}

TEST(OutputQueue, ViewsStayGoodUntilTheyAreWritten) {
  std::mt19937_64 random(5);
  OutputQueue queue;
  std::string expected;
  std::string written;
  std::vector<std::string_view> views;
  for (int i = 0; i < 3000; ++i) {
    const std::string piece(random() % (random() % 10 == 0 ? 40'000 : 50), static_cast<char>('a' + i % 26));
    expected += piece;
    switch (random() % 3) {
      case 0:
        queue.Tail().append(piece);
        queue.Settle();
        break;
      case 1:
        queue.AppendOwned(piece);
        break;
      default:
        queue.AppendValue(RecordOf(piece));
    }
    if (views.empty()) queue.Collect(views, 1 + random() % 4);
    if (random() % 2 == 0 || views.empty()) continue;
    // The views were taken before later pieces were appended.
    std::string given;
    for (const std::string_view view : views) given += view;
    const std::size_t count = 1 + random() % given.size();
    written += given.substr(0, count);
    queue.Written(count);
    views.clear();
    ASSERT_EQ(queue.size_bytes(), expected.size() - written.size());
  }
  while (!queue.empty()) {
    views.clear();
    queue.Collect(views, 2);
    std::size_t count = 0;
    for (const std::string_view view : views) {
      written += view;
      count += view.size();
    }
    queue.Written(count);
  }
  EXPECT_EQ(written, expected);
}

}  // namespace
}  // namespace quoin::net
